"""ExternalDNS, one loop a cluster: what the objects of the cluster say becomes records in Route 53.

It reads its own Deployment for version, owner, policy, prefix and interval, as the real one is given them.
Rule 1: only records whose TXT record names this owner are touched. Rule 2: nothing changes without a difference.

Written from the behaviour of v0.13 to v0.22 (provider/aws/aws.go, registry/txt.go, plan/plan.go).
What is found in which object stands in `external_dns_sources`.
Limits: every DNS name counts as a load balancer's, so there are no CNAME records; a new version adds its record names
but leaves the old ones' clean-up to people; the needless UPSERT a loop of v0.13.5 for the `ttl` annotation is left
out; a crash is a loop that is missed.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX
from world.clock import Appointment, Clock
from world.eks_tokens import EMBEDDED
from world.external_dns_sources import Endpoint, endpoints
from world.kubernetes import Object, Store
from world.route53 import Route53
from world.route53_records import Record, RecordKey

NAMESPACE: Final = "external-dns"
DEPLOYMENT: Final = "external-dns"
TXT_TTL: Final = 300
ADDRESS_TTL: Final = 300

_SOURCES = ("service", "ingress")  # as the charts have it
_UNTAGGED = (0, 14)
_ALWAYS_BOTH = (0, 16)  # A and AAAA for every load balancer
_NEW_NAMES_ONLY = (0, 18)  # no ownership record with the name of the host itself
_ALIAS_AS_A = (0, 22)  # the ownership record of an alias is named after its type, not after CNAME
_AS_IT_IS = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
_NUMBER = re.compile(r"[+-]?\d+")
_TAG = re.compile(r":v(\d+)\.(\d+)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_OWNER = re.compile(r"external-dns/owner=([^,\"]+)")
_RESOURCE = re.compile(r"external-dns/resource=([^,\"]+)")
_MARKS = ("", "a-", "aaaa-", "cname-")
"""What stands before a host in the names of its ownership records, over all versions."""


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What one ExternalDNS is told.

    Attributes:
        owner: `--txt-owner-id`.
        version: Major and minor.
        prefix: Of the annotations it reads.
        deletes: Whether the policy is `sync`.
        interval: Between two loops.
        domain: `--domain-filter`.
        sources: `--source`.
    """

    owner: str
    version: tuple[int, int] = _UNTAGGED
    prefix: str = ALPHA_PREFIX
    deletes: bool = True
    interval: timedelta = timedelta(minutes=1)
    domain: str = ""
    sources: tuple[str, ...] = _SOURCES

    @classmethod
    def of(cls, deployment: Object) -> Self:
        """What *deployment* tells its container."""
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        said = [argument.lstrip("-").partition("=")[::2] for argument in container.get("args", ())]
        arguments, sources = dict(said), tuple(value for name, value in said if name == "source")
        tag = _TAG.search(container["image"])
        version = (int(tag[1]), int(tag[2])) if tag else _UNTAGGED
        default_prefix = STABLE_PREFIX if version >= (0, 22) else ALPHA_PREFIX
        interval = arguments.get("interval", "1m")
        return cls(
            owner=arguments.get("txt-owner-id", "default"),
            version=version,
            prefix=arguments.get("annotation-prefix", default_prefix),
            deletes=arguments.get("policy", "sync") == "sync",
            interval=timedelta(seconds=int(interval[:-1]) * _UNITS[interval[-1]]),
            domain=arguments.get("domain-filter", ""),
            sources=sources or _SOURCES,
        )

    def alias_types(self, endpoint: Endpoint) -> tuple[str, ...]:
        """The types of the aliases that it makes for the load balancer of *endpoint*."""
        return ("A", "AAAA") if self.version >= _ALWAYS_BOTH or endpoint.is_dualstack else ("A",)

    def marks(self, type_: str, *, is_alias: bool) -> tuple[str, ...]:
        """What stands before a host in the names of the ownership records of its record of *type_*."""
        new = "cname-" if is_alias and type_ == "A" and self.version < _ALIAS_AS_A else f"{type_.lower()}-"
        return (new,) if self.version >= _NEW_NAMES_ONLY or type_ == "AAAA" else ("", new)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a batch, and the host that it is about."""

    action: str
    record: Record
    host: str

    def as_request(self) -> dict[str, Any]:
        """As a Change of the API."""
        return {"Action": self.action, "ResourceRecordSet": self.record.as_request()}


class ExternalDns:
    """
    The loop of one cluster.

    Args:
        clock: Its time.
        store: The cluster's objects; the Deployment `external-dns/external-dns` must be there.
        route53: The service.
        zone_id: The zone it keeps records in.
        name: Of the cluster; its access key is `external-dns-<name>`.

    Attributes:
        is_stuck: True lets the loop do nothing.
        synced: When it last finished without an error.
        log: Its last lines.
    """

    def __init__(self, clock: Clock, store: Store, route53: Route53, zone_id: str, name: str) -> None:
        self.is_stuck = False
        self.synced: datetime | None = None
        self.log: deque[str] = deque(maxlen=100)
        self._clock = clock
        self._store = store
        self._route53 = route53
        self._zone_id = zone_id
        self._caller = f"external-dns-{name}"
        self._client: Any = boto3.client(
            "route53",
            aws_access_key_id=self._caller,
            aws_secret_access_key=EMBEDDED.secret_key,
            config=_AS_IT_IS,
        )

    @property
    def settings(self) -> Settings:
        """What its Deployment tells it now."""
        held = self._store.seen("Deployment", NAMESPACE)
        return Settings.of(next(each for each in held if each["metadata"]["name"] == DEPLOYMENT))

    def start(self, phase: timedelta) -> Appointment:
        """Loop from *phase* from now on."""
        return self._clock.every(self.settings.interval, self.sync, first=phase)

    def sync(self) -> None:
        """One loop."""
        if self.is_stuck:
            return
        if self._route53.is_throttled(self._caller):
            self.log.append("records retrieval failed: Throttling: Rate exceeded")
            return
        settings = self.settings
        current = {record.key: record for record in self._route53.records(self._zone_id)}
        changes = list(plan(settings, self._wanted(settings, current), current))
        if self._submit(changes):
            self.synced = self._clock.now

    def _submit(self, changes: list[Change]) -> bool:
        """Write *changes* as one batch; when that is refused, each host's on their own."""
        if not changes:
            return True
        if self._write(changes):
            return True
        hosts = dict.fromkeys(change.host for change in changes)
        results = [self._write([change for change in changes if change.host == host]) for host in hosts]
        return all(results)

    def _write(self, changes: list[Change]) -> bool:
        batch = {"Changes": [change.as_request() for change in changes]}
        try:
            self._client.change_resource_record_sets(HostedZoneId=self._zone_id, ChangeBatch=batch)
        except ClientError as error:
            self.log.append(f"failed to submit {len(changes)} changes: {error}")
            return False
        return True

    def _wanted(self, settings: Settings, current: Mapping[RecordKey, Record]) -> "Wanted":
        """The records that the objects ask for, each with its host; of several objects one is heard."""
        hosts: dict[tuple[str, str | None], list[Endpoint]] = {}
        for endpoint in endpoints(self._store, settings.sources, settings.prefix):
            if endpoint.targets and endpoint.host.endswith(settings.domain):
                hosts.setdefault((endpoint.host, endpoint.identifier), []).append(endpoint)
        wanted: dict[RecordKey, tuple[Record, str]] = {}
        for candidates in hosts.values():
            for record in self._records(settings, _heard(candidates, current)):
                wanted.setdefault(record.key, (record, candidates[0].host))
        return wanted

    def _records(self, settings: Settings, endpoint: Endpoint) -> Iterator[Record]:
        common: dict[str, Any] = {"set_identifier": endpoint.identifier, "weight": self._weight(settings, endpoint)}
        common["health_check"] = endpoint.health_check  # of the ownership records, too: registry/txt.go copies it
        says = f"heritage=external-dns,external-dns/owner={settings.owner},external-dns/resource={endpoint.resource}"
        for record in _addresses(settings, endpoint, common):
            yield record
            for mark in settings.marks(record.type, is_alias=record.target is not None):
                yield Record(f"{mark}{endpoint.host}", "TXT", ttl=TXT_TTL, values=(f'"{says}"',), **common)

    def _weight(self, settings: Settings, endpoint: Endpoint) -> int | None:
        if endpoint.weight is None or (endpoint.identifier is None and settings.version < (0, 21)):
            return None
        if _NUMBER.fullmatch(endpoint.weight):
            return int(endpoint.weight)
        what = f"{endpoint.weight!r} of {endpoint.resource}"
        self.log.append(f"Failed parsing value of aws/weight: {what}; using weight of 0")
        return 0


Wanted = Mapping[RecordKey, tuple[Record, str]]
"""Records by their keys, each with the host that it is about."""


def _heard(candidates: Sequence[Endpoint], current: Mapping[RecordKey, Record]) -> Endpoint:
    """The one whose weight counts: which the ownership record names, or else that with the least target."""
    host, identifier = candidates[0].host, candidates[0].identifier
    kept = _said(_RESOURCE, host, identifier, current)
    return next((each for each in candidates if each.resource == kept), min(candidates, key=lambda each: each.targets))


def _addresses(settings: Settings, endpoint: Endpoint, common: Mapping[str, Any]) -> Iterator[Record]:
    """Aliases of a load balancer; for addresses, a record a family."""
    families: dict[str, list[str]] = {}
    for target in endpoint.targets:
        families.setdefault(_family(target), []).append(target)
    for type_, values in families.items():
        if type_ != "CNAME":
            yield Record(endpoint.host, type_, ttl=ADDRESS_TTL, values=tuple(sorted(values)), **common)
    for target in families.get("CNAME", ())[:1]:
        for type_ in settings.alias_types(endpoint):
            yield Record(endpoint.host, type_, target=target, evaluate_target_health=True, **common)


def _family(target: str) -> str:
    try:
        return {4: "A", 6: "AAAA"}[ip_address(target).version]
    except ValueError:
        return "CNAME"


def plan(settings: Settings, wanted: Wanted, current: Mapping[RecordKey, Record]) -> Iterator[Change]:
    """What to change so that *current* becomes *wanted*, as far as it belongs to this owner."""
    for key, (record, host) in wanted.items():
        owner = _owner(host, record.set_identifier, current)
        before = current.get(key)
        is_ours = owner == settings.owner or (owner is None and not _is_taken(host, record.set_identifier, current))
        if before == record or not is_ours:
            continue
        if before is None:
            yield Change("CREATE", record, host)
        elif (before.weight is None) != (record.weight is None):
            yield Change("DELETE", before, host)
            yield Change("CREATE", record, host)
        else:
            yield Change("UPSERT", record, host)
    if settings.deletes:
        yield from _deletions(settings, wanted, current)


def _deletions(settings: Settings, wanted: Wanted, current: Mapping[RecordKey, Record]) -> Iterator[Change]:
    kept = {(host, record.set_identifier) for record, host in wanted.values()}
    for record in current.values():
        host = _host_of(record, current)
        if host is None or not host.endswith(settings.domain) or (host, record.set_identifier) in kept:
            continue
        if _owner(host, record.set_identifier, current) == settings.owner:
            yield Change("DELETE", record, host)


def _is_taken(host: str, identifier: str | None, current: Mapping[RecordKey, Record]) -> bool:
    """Whether *host* has an address with *identifier*: without an ownership record that is somebody else's."""
    return any((host, type_, identifier or "") in current for type_ in ("A", "AAAA"))


def _owner(host: str, identifier: str | None, current: Mapping[RecordKey, Record]) -> str | None:
    """Who owns the records of *host* with *identifier*, by their TXT records; None when there are none."""
    return _said(_OWNER, host, identifier, current)


def _said(
    pattern: re.Pattern[str], host: str, identifier: str | None, current: Mapping[RecordKey, Record]
) -> str | None:
    """What the ownership records of *host* with *identifier* say; None when there are none."""
    for mark in _MARKS:
        found = current.get((f"{mark}{host}", "TXT", identifier or ""))
        if found is not None:
            said = pattern.search(found.values[0])
            return said[1] if said else None
    return None


def _host_of(record: Record, current: Mapping[RecordKey, Record]) -> str | None:
    """The host that *record*, an address or an ownership record, is about; None for any other record."""
    if record.type in ("A", "AAAA"):
        return record.name
    if record.type != "TXT":
        return None
    hosts = [record.name.removeprefix(mark) for mark in _MARKS if record.name.startswith(mark)]
    return next((host for host in hosts if (host, "A", record.set_identifier or "") in current), None)
