"""Route 53 as the world has it: moto's records under the real service's rules, and what resolvers see of them.

Rule 1: a batch is checked whole, in order, before any of it counts; `route53_rules` has the refusals of the service.
Rule 2: what was accepted reaches the authoritative servers later, one delay a batch.
Health comes from outside: this file knows no load balancer. Limits: records of type A are answered, one zone a name.

Sources: Route 53 API reference (ChangeResourceRecordSets, ListResourceRecordSets); Developer Guide, "Weighted
routing" and "How Amazon Route 53 chooses records when health checking is configured".
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from random import Random
from typing import Any, Self

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import HostedZoneIdentifier, RecordSet, Route53Backend, route53_backends
from moto.route53.responses import Route53 as Route53Responses
from moto.utilities.id_generator import moto_id_manager

from world.clock import Clock
from world.moto_hooks.protections import records_can_be_protected
from world.moto_hooks.swap import swapped
from world.route53_records import Answer, Record, RecordKey
from world.route53_rules import as_stored, changed, check_names, check_protections

PROPAGATION_SECONDS = (5, 60)
"""From acceptance to all authoritative servers; "generally within 60 seconds"."""

_PARTITION = "aws"
_PAGE = 300
_CREDENTIAL = re.compile(r"Credential=([^/]+)/")
_THROTTLING = (
    '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>'
    "<Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>throttled</RequestId></ErrorResponse>"
)


class Route53:
    """
    The service and its name servers.

    Args:
        clock: Its time.
        random: Where propagation delays come from.
        is_healthy: The verdict on the target of an alias, by its DNS name.
        passes: The verdict of a health check, by its id.

    Attributes:
        protected: Name and type of every record that nobody may change.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        is_healthy: Callable[[str], bool] = lambda _: True,
        passes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self.protected: set[tuple[str, str]] = set()
        self._clock = clock
        self._random = random
        self._is_healthy = is_healthy
        self._passes = passes
        self._visible: dict[str, dict[RecordKey, Record]] = {}
        self._accepted: dict[RecordKey, tuple[int, Record | None]] = {}
        self._shown: dict[RecordKey, int] = {}
        self._batches = 0
        self._throttled_until = clock.now
        self._throttled_callers: frozenset[str] = frozenset()

    @contextmanager
    def installed(self) -> Iterator[Self]:
        """Let moto's Route 53 be this one while the context is open."""
        hooks = (
            swapped(Route53Backend, "change_resource_record_sets", self._changes_are_checked_as_one_batch),
            swapped(Route53Responses, "list_resource_record_sets", _lists_begin_where_asked),
            self._calls_can_be_throttled(),
            records_can_be_protected(lambda: self.protected),
        )
        with ExitStack() as stack:
            for hook in hooks:
                stack.enter_context(hook)
            yield self

    def create_zone(self, zone_id: str, name: str) -> None:
        """Have a public hosted zone with exactly this id; moto draws one of its own unless it is told before."""
        domain = f"{name.rstrip('.')}."
        identifier = HostedZoneIdentifier(DEFAULT_ACCOUNT_ID, domain, None)
        moto_id_manager.set_custom_id(identifier, zone_id)
        try:
            _backend().create_hosted_zone(domain, private_zone=False, caller_reference=zone_id)
        finally:
            moto_id_manager.unset_custom_id(identifier)

    def records(self, zone_id: str) -> list[Record]:
        """What the API would list: everything accepted, propagated or not."""
        return [Record.of(stored) for stored in _backend().get_hosted_zone(zone_id).rrsets]

    def throttle(self, duration: timedelta, callers: Sequence[str] = ()) -> None:
        """Refuse calls for *duration*, of everybody or of the owners of these access keys only."""
        self._throttled_until = self._clock.now + duration
        self._throttled_callers = frozenset(callers)

    def is_throttled(self, caller: str) -> bool:
        """Whether a call of *caller* would be refused now."""
        is_meant = not self._throttled_callers or caller in self._throttled_callers
        return is_meant and self._clock.now < self._throttled_until

    def settle(self) -> None:
        """Let everything accepted be visible at once, as after a quiet hour."""
        for key in self._accepted:
            self._show(key, self._batches)

    def answers(self, host: str) -> tuple[Answer, ...]:
        """What authoritative servers answer for *host* now, record by record; empty when there is no such name."""
        records = list(self._visible.get(host.rstrip(".").lower(), {}).values())
        healthy = [self._counts_as_healthy(record) for record in records]
        shares = choose([(record.weight, is_healthy) for record, is_healthy in zip(records, healthy, strict=True)])
        return tuple(map(Answer, records, shares, healthy))

    def _counts_as_healthy(self, record: Record) -> bool:
        """Of an alias with both a health check and target health, both have to be good."""
        passes = record.health_check is None or self._passes(record.health_check)
        is_led = record.target is not None and record.evaluate_target_health
        return passes and (not is_led or self._is_healthy(record.target or ""))

    # --- hooks, each named after what is true with it ----------------------------------------------------------------

    @property
    def _changes_are_checked_as_one_batch(self) -> Callable[..., None]:
        """Moto applies change after change and checks next to nothing."""

        def change_resource_record_sets(backend: Route53Backend, zoneid: str, change_list: list[Any]) -> None:
            zone = backend.get_hosted_zone(zoneid)
            check_names(zone.name, change_list)
            check_protections(self.protected, change_list)
            zone.rrsets = changed(zone.rrsets, change_list)
            keys = dict.fromkeys(as_stored(change)[1].key for change in change_list)
            self._accept(list(keys), zone.rrsets)

        return change_resource_record_sets

    @contextmanager
    def _calls_can_be_throttled(self) -> Iterator[None]:
        """Moto never says Throttling."""
        with ExitStack() as stack:
            for name in ("change_resource_record_sets", "list_resource_record_sets"):
                replacement = self._throttled(getattr(Route53Responses, name))
                stack.enter_context(swapped(Route53Responses, name, replacement))
            yield

    def _throttled(self, action: Callable[[Any], ActionResult]) -> Callable[[Any], Any]:
        def unless_throttled(responses: Any) -> Any:
            found = _CREDENTIAL.search(responses.headers.get("Authorization", ""))
            if self.is_throttled(found[1] if found else ""):
                return _THROTTLING, {"status": 400}  # as text: the service's model, which moto asks, lacks this code
            return action(responses)

        return unless_throttled

    # --- propagation -------------------------------------------------------------------------------------------------

    def _accept(self, keys: Sequence[RecordKey], stored: Sequence[RecordSet]) -> None:
        self._batches += 1
        batch = self._batches
        now = {record.key: record for record in map(Record.of, stored)}
        for key in keys:
            self._accepted[key] = (batch, now.get(key))
        snapshot = {key: now.get(key) for key in keys}
        delay = timedelta(seconds=self._random.uniform(*PROPAGATION_SECONDS))
        self._clock.after(delay, lambda: self._arrive(snapshot, batch))

    def _arrive(self, snapshot: Mapping[RecordKey, Record | None], batch: int) -> None:
        for key, record in snapshot.items():
            if self._shown.get(key, 0) < batch:  # a younger batch may have been faster
                self._put(key, record, batch)

    def _show(self, key: RecordKey, batch: int) -> None:
        self._put(key, self._accepted[key][1], batch)

    def _put(self, key: RecordKey, record: Record | None, batch: int) -> None:
        self._shown[key] = batch
        name, type_, _ = key
        if type_ != "A":
            return
        if record is None:
            self._visible.get(name, {}).pop(key, None)
        else:
            self._visible.setdefault(name, {})[key] = record


def choose(records: Sequence[tuple[int | None, bool]]) -> list[float]:
    """
    How often each record is the answer, from its weight (None for a simple one) and its health.

    Nonzero healthy records first; if there are none, zero-weight healthy ones; if nothing is healthy, all count as
    healthy. Zero weights alone are equally likely.
    """
    healthy = [is_healthy for _, is_healthy in records]
    considered = healthy if any(healthy) else [True] * len(records)
    weights = [
        (1 if weight is None else weight) * counts for (weight, _), counts in zip(records, considered, strict=True)
    ]
    if not any(weights):
        weights = [int(counts) for counts in considered]
    total = sum(weights) or 1
    return [weight / total for weight in weights]


def _lists_begin_where_asked(responses: Any) -> ActionResult:
    """Moto ignores StartRecordIdentifier, so a page that ends within a weighted group repeats or loses records."""
    start_name, start_type = responses._get_param("StartRecordName"), responses._get_param("StartRecordType")  # noqa: SLF001  # moto's own way
    if start_type and not start_name:
        raise Route53ClientError("InvalidInput", "The input is not valid")
    identifier = responses._get_param("StartRecordIdentifier") or ""  # noqa: SLF001
    start = (_reversed(start_name or ""), start_type or "", identifier)
    size = responses._get_int_param("MaxItems", _PAGE)  # noqa: SLF001
    zone = responses.backend.get_hosted_zone(responses._get_param("HostedZoneId"))  # noqa: SLF001
    ordered = sorted((one for one in zone.rrsets if _place(one) >= start), key=_place)
    after = ordered[size] if len(ordered) > size else None
    result = {"ResourceRecordSets": ordered[:size], "IsTruncated": after is not None, "MaxItems": size}
    if after is not None:
        result |= {"NextRecordName": after.name, "NextRecordType": after.type}
        result |= {"NextRecordIdentifier": after.set_identifier}
    return ActionResult(result)


def _place(stored: RecordSet) -> tuple[str, str, str]:
    return _reversed(stored.name), str(stored.type), stored.set_identifier or ""


def _reversed(name: str) -> str:
    """Names are listed by their reversed labels; the dot at the end counts, so `a-b` comes before `a`."""
    return f"{'.'.join(reversed(name.rstrip('.').lower().split('.')))}."


def _backend() -> Route53Backend:
    return route53_backends[DEFAULT_ACCOUNT_ID][_PARTITION]
