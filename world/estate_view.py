"""What people who watch an estate see of it at one instant: the truth about weights, users and alarms.

Nothing is changed by looking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from world.built import Built
from world.clients import Counts
from world.estate_spec import GREEN, WorkloadSpec


@dataclass(frozen=True, slots=True)
class HostView:
    """
    One host, as it is now.

    Attributes:
        workload: Its name.
        host: Its DNS name.
        declared: The weight in each cluster, as written; None when absent.
        weights: The weight of each side in Route 53 or in the listener rule, as the API lists it; None when absent.
        last_minute: Requests of the last minute that each side served.
        share: Green's part of them, 0 to 1; None without requests.
        requests: Since the beginning.
        alarms: States of its alarms, by name.
    """

    workload: str
    host: str
    declared: Mapping[str, str | None]
    weights: Mapping[str, int | None]
    last_minute: Mapping[str, Counts]
    share: float | None
    requests: Counts
    alarms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    The estate at one instant: the truth, for people who watch.

    Attributes:
        at: UTC.
        hosts: One a workload.
        alarms: States of all alarms, by name.
        requests: Of all users since the beginning.
    """

    at: datetime
    hosts: tuple[HostView, ...]
    alarms: Mapping[str, str]
    requests: Counts


def snapshot(estate: Built) -> Snapshot:
    """*estate* as it is now."""
    states = estate.alarms.states()
    listed = estate.route53.records(estate.spec.zone_id)
    records = {(record.name, record.set_identifier): record.weight for record in listed if record.type == "A"}
    hosts = tuple(_view(estate, workload, records, states) for workload in estate.spec.workloads)
    requests = Counts()
    for host in hosts:
        requests.add(host.requests.total, host.requests.failed)
    return Snapshot(estate.clock.now, hosts, states, requests)


def _view(
    estate: Built,
    workload: WorkloadSpec,
    records: Mapping[tuple[str, str | None], int | None],
    states: Mapping[str, str],
) -> HostView:
    traffic = estate.clients.populations[workload.host].traffic
    declared, weights = _weights(estate, workload, records)
    return HostView(
        workload=workload.name,
        host=workload.host,
        declared=declared,
        weights=weights,
        last_minute=traffic.last_minute(),
        share=traffic.share(GREEN),
        requests=Counts(traffic.all.total, traffic.all.failed),
        alarms={name: states[name] for name in workload.alarms},
    )


def _weights(
    estate: Built, workload: WorkloadSpec, records: Mapping[tuple[str, str | None], int | None]
) -> tuple[dict[str, str | None], dict[str, int | None]]:
    """What each side asks for, and what users are shared out by."""
    if workload.rule is not None:
        listed = estate.balancers.weights(workload.rule, workload.host)
        return {side: None if weight is None else str(weight) for side, weight in listed.items()}, listed
    if workload.identifiers is not None:
        kept = {side: records.get((workload.host, of)) for side, of in workload.identifiers.items()}
        return {side: None if weight is None else str(weight) for side, weight in kept.items()}, kept
    said = {side: estate.endpoint(side, workload) for side in estate.clusters}
    return (
        {side: found.weight if found else None for side, found in said.items()},
        {side: records.get((workload.host, found.identifier)) if found else None for side, found in said.items()},
    )
