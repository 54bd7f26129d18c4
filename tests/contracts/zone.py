"""The sample hosts as estates without ExternalDNS have them: weighted records, and nothing that keeps them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import boto3

from crossfade.adapters.aws import client
from crossfade.adapters.route53 import RecordKeeper
from crossfade.adapters.route53_router import Route53Router
from crossfade.adapters.routers import Routers
from crossfade.core.host_records import epoch_name
from crossfade.core.traffic import Reading, Write
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, Router, Workload
from crossfade.ports import TrafficRouter
from tests.contracts.estate import BURNHAM, CLUSTERS, DOMAIN, REGION, WORKLOADS, ZONE, Estate, a_cloud, an_estate

IDENTIFIERS: Final = Identifiers(blue=CLUSTERS[Side.BLUE], green=CLUSTERS[Side.GREEN])


def direct(workload: Workload) -> Workload:
    """*workload* as it is configured for the router route53."""
    return workload.model_copy(update={"router": Router.ROUTE53, "identifiers": IDENTIFIERS})


class Configured:
    """A router to which some workloads are known as *known* has them, for tests that speak of them all alike."""

    def __init__(self, inner: Any, known: Callable[[Workload], Workload]) -> None:
        self._inner = inner
        self._known = known

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        readings: tuple[Reading, ...] = self._inner.observe(self._all(workloads))
        return readings

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        self._inner.write(self._all(workloads), writes, epoch=epoch)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        self._inner.stamp(self._all(workloads), epoch=epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        faults: tuple[str, ...] = self._inner.rehearse(self._all(workloads))
        return faults

    def _all(self, workloads: Sequence[Workload]) -> list[Workload]:
        return [self._known(workload) for workload in workloads]


class Records:
    """
    The records of the zone, and what people do to them.

    Attributes:
        client: What the router calls.
        requests: The operations that it called, oldest first.
    """

    def __init__(self) -> None:
        self.client: Any = client("route53", REGION, attempts=1)
        self.requests: list[str] = []
        self._route53: Any = boto3.client("route53")
        self._happen: Callable[[], None] | None = None
        self.client.meta.events.register("before-call.route53", self._before)

    def _before(self, model: Any, **_: Any) -> None:
        self.requests.append(model.name)
        if model.name == "ChangeResourceRecordSets" and self._happen:
            happen, self._happen = self._happen, None
            happen()

    def in_between(self, action: Callable[[], None]) -> None:
        self._happen = action

    def all(self, name: str) -> list[dict[str, Any]]:
        found = self._route53.list_resource_record_sets(HostedZoneId=ZONE)["ResourceRecordSets"]
        return [record for record in found if record["Name"] == f"{name}."]

    def of(self, host: str, side: Side, type_: str = "A") -> dict[str, Any] | None:
        mine = (r for r in self.all(host) if r["Type"] == type_ and r.get("SetIdentifier") == CLUSTERS[side])
        return next(mine, None)

    def add(self, host: str, side: Side, weight: int, type_: str = "A", **more: Any) -> None:
        record = {"Name": host, "Type": type_, "SetIdentifier": CLUSTERS[side], "Weight": weight}
        alias = {"HostedZoneId": "Z2P70J7EXAMPLE", "DNSName": f"{side}.elb.example.com", "EvaluateTargetHealth": True}
        self.change("UPSERT", record | (more or {"AliasTarget": alias}))

    def add_text(self, name: str, side: Side, weight: int, value: str) -> None:
        self.add(name, side, weight, "TXT", TTL=300, ResourceRecords=[{"Value": value}])

    def change(self, action: str, record: dict[str, Any]) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self._route53.change_resource_record_sets(HostedZoneId=ZONE, ChangeBatch=batch)


class ZoneGround:
    """See `test_router.Ground`."""

    def __init__(self) -> None:
        self.records = Records()
        self.inner = Route53Router(RecordKeeper(self.records.client, ZONE), DOMAIN)
        self.router = Configured(self.inner, direct)
        for workload in WORKLOADS:
            for side, weight in ((Side.BLUE, 100), (Side.GREEN, 0)):
                self.records.add(workload.host, side, weight)

    def declared(self, workload: Workload, side: Side) -> int | None:
        found = self.records.of(workload.host, side)
        return None if found is None else int(found["Weight"])

    def epoch(self, workload: Workload, side: Side) -> int:
        del side  # one record speaks for both
        found = self.records.all(epoch_name(workload.host))
        return int(found[0]["ResourceRecords"][0]["Value"].strip('"').partition("=")[2]) if found else 0

    def version(self, workload: Workload, side: Side) -> object:
        return self.records.of(workload.host, side), self.epoch(workload, side) if side is Side.GREEN else 0

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None:
        if weight is None:  # there is no record set without one; what comes next to it is addresses that disagree
            self.records.add(workload.host, side, 1, "AAAA")
        else:
            self.records.add(workload.host, side, weight)

    def show(self, workload: Workload, side: Side, weight: int) -> None:
        self.by_hand(workload, side, weight)

    def remove(self, workload: Workload, side: Side) -> None:
        found = self.records.of(workload.host, side)
        assert found is not None
        self.records.change("DELETE", found)

    def cut_off(self, side: Side) -> None:
        raise NotImplementedError(side)

    def in_between(self, action: Callable[[], None]) -> None:
        self.records.in_between(action)


class MixedGround:
    """See `test_router.Ground`: burnham's records are written directly, guestbook's by ExternalDNS."""

    def __init__(self, estate: Estate) -> None:
        zone = ZoneGround()
        self._grounds: dict[bool, Any] = {True: zone, False: estate}
        routers: dict[Router, TrafficRouter] = {Router.ROUTE53: zone.inner, Router.EXTERNAL_DNS: estate.router}
        known: Callable[[Workload], Workload] = lambda w: direct(w) if w.name == BURNHAM.name else w  # noqa: E731
        self.router = Configured(Routers(routers), known)

    def _of(self, workload: Workload) -> Any:
        return self._grounds[workload.name == BURNHAM.name]

    def __getattr__(self, name: str) -> Any:
        """What is done to one workload is done on its ground."""
        return lambda workload, *rest: getattr(self._of(workload), name)(workload, *rest)

    def in_between(self, action: Callable[[], None]) -> None:
        self._of(BURNHAM).in_between(action)


@contextmanager
def a_zone() -> Iterator[ZoneGround]:
    """The zone, alone in its own cloud and time."""
    with a_cloud():
        yield ZoneGround()


@contextmanager
def a_mixed_estate() -> Iterator[Any]:
    with an_estate() as estate:
        yield MixedGround(estate)
