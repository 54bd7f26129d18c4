"""ExternalDNS, one loop a cluster: what the Ingresses of the cluster say becomes records in Route 53.

It reads its own Deployment for version, owner, policy, prefix and interval, as the real one is given them.
Rule 1: only records whose TXT record names this owner are touched. Rule 2: nothing changes without a difference.

Written from the behaviour of v0.13 to v0.22 (provider/aws/aws.go, registry/txt.go, plan/plan.go).
Limits: sources are Ingresses; a new version adds its record names but leaves the old ones' clean-up to people; the
needless UPSERT a loop of v0.13.5 for the `ttl` annotation is left out; a crash is a loop that is missed.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from crossfade.names import ALPHA_PREFIX, IDENTIFIER_KEY, STABLE_PREFIX, WEIGHT_KEY
from world.clock import Appointment, Clock
from world.eks_tokens import EMBEDDED
from world.kubernetes import Object, Store
from world.route53 import Record, RecordKey, Route53

NAMESPACE: Final = "external-dns"
DEPLOYMENT: Final = "external-dns"
TXT_TTL: Final = 300

_UNTAGGED = (0, 14)
_AS_IT_IS = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
_NUMBER = re.compile(r"[+-]?\d+")
_TAG = re.compile(r":v(\d+)\.(\d+)")
_UNITS = {"s": 1, "m": 60, "h": 3600}
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
    """

    owner: str
    version: tuple[int, int] = _UNTAGGED
    prefix: str = ALPHA_PREFIX
    deletes: bool = True
    interval: timedelta = timedelta(minutes=1)
    domain: str = ""

    @classmethod
    def of(cls, deployment: Object) -> Self:
        """What *deployment* tells its container."""
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        arguments = dict(argument.lstrip("-").partition("=")[::2] for argument in container.get("args", ()))
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
        )

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the records that it makes for a load balancer."""
        return ("A", "AAAA") if self.version >= (0, 16) else ("A",)

    @property
    def marks(self) -> tuple[str, ...]:
        """What stands before a host in the names of its ownership records."""
        if self.version >= (0, 22):
            return ("a-", "aaaa-")
        if self.version >= (0, 18):
            return ("cname-", "aaaa-")
        return ("", "cname-", "aaaa-") if self.version >= (0, 16) else ("", "cname-")


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
        return Settings.of(self._store.read("Deployment", NAMESPACE, DEPLOYMENT))

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
        current = self._route53.records(self._zone_id)
        changes = list(plan(settings, self._wanted(settings), {record.key: record for record in current}))
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

    def _wanted(self, settings: Settings) -> dict[RecordKey, tuple[Record, str]]:
        """The records that the Ingresses ask for, each with its host."""
        wanted: dict[RecordKey, tuple[Record, str]] = {}
        for ingress in self._store.all("Ingress"):
            target = _address(ingress)
            if target is None:
                continue
            policy = self._policy(settings, ingress)
            for host in _hosts(ingress):
                if host.endswith(settings.domain):
                    for record in _records(settings, ingress, host, target, policy):
                        wanted.setdefault(record.key, (record, host))
        return wanted

    def _policy(self, settings: Settings, ingress: Object) -> tuple[str | None, int | None]:
        annotations: Mapping[str, str] = ingress["metadata"].get("annotations") or {}
        identifier = annotations.get(f"{settings.prefix}{IDENTIFIER_KEY}") or None
        written = annotations.get(f"{settings.prefix}{WEIGHT_KEY}")
        if written is None or (identifier is None and settings.version < (0, 21)):
            return identifier, None
        if _NUMBER.fullmatch(written):
            return identifier, int(written)
        name = ingress["metadata"]["name"]
        self.log.append(f"Failed parsing value of aws-weight: {written!r} of {name}; using weight of 0")
        return identifier, 0


def plan(
    settings: Settings, wanted: Mapping[RecordKey, tuple[Record, str]], current: Mapping[RecordKey, Record]
) -> Iterator[Change]:
    """What to change so that *current* becomes *wanted*, as far as it belongs to this owner."""
    for key, (record, host) in wanted.items():
        owner = _owner(host, record.set_identifier, current)
        before = current.get(key)
        if before == record or owner not in (None, settings.owner) or (before is not None and owner is None):
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


def _deletions(
    settings: Settings, wanted: Mapping[RecordKey, tuple[Record, str]], current: Mapping[RecordKey, Record]
) -> Iterator[Change]:
    kept = {(host, record.set_identifier) for record, host in wanted.values()}
    for record in current.values():
        host = _host_of(record, current)
        if host is None or not host.endswith(settings.domain) or (host, record.set_identifier) in kept:
            continue
        if _owner(host, record.set_identifier, current) == settings.owner:
            yield Change("DELETE", record, host)


def _owner(host: str, identifier: str | None, current: Mapping[RecordKey, Record]) -> str | None:
    """Who owns the records of *host* with *identifier*, by their TXT records; None when there are none."""
    for mark in _MARKS:
        found = current.get((f"{mark}{host}", "TXT", identifier or ""))
        if found is not None:
            owners = re.findall(r"external-dns/owner=([^,\"]+)", found.values[0])
            return owners[0] if owners else None
    return None


def _host_of(record: Record, current: Mapping[RecordKey, Record]) -> str | None:
    """The host that *record*, an address or an ownership record, is about; None for any other record."""
    if record.type in ("A", "AAAA"):
        return record.name
    if record.type != "TXT":
        return None
    hosts = [record.name.removeprefix(mark) for mark in _MARKS if record.name.startswith(mark)]
    return next((host for host in hosts if (host, "A", record.set_identifier or "") in current), None)


def _records(
    settings: Settings, ingress: Object, host: str, target: str, policy: tuple[str | None, int | None]
) -> Iterator[Record]:
    common: dict[str, Any] = dict(zip(("set_identifier", "weight"), policy, strict=True))
    for type_ in settings.types:
        yield Record(host, type_, target=target, evaluate_target_health=True, **common)
    resource = f"ingress/{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"
    heritage = f'"heritage=external-dns,external-dns/owner={settings.owner},external-dns/resource={resource}"'
    for mark in settings.marks:
        yield Record(f"{mark}{host}", "TXT", ttl=TXT_TTL, values=(heritage,), **common)


def _address(ingress: Object) -> str | None:
    """The load balancer in the status of *ingress*; None while it has none."""
    found = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return next((one["hostname"].lower() for one in found if one.get("hostname")), None)


def _hosts(ingress: Object) -> Iterator[str]:
    for rule in ingress["spec"].get("rules") or ():
        if rule.get("host"):
            yield rule["host"].lower()
