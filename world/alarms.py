"""CloudWatch alarms that are alive: evaluated each minute on what has been published, composites after them.

The alarms and the metrics are moto's, so the API shows them; the evaluation is ours, as moto has none.
Limits: periods of whole minutes; no anomaly detection, no Metrics Insights, no actions: listeners are told instead.

Sources: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data" and "Create a composite alarm".
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult

from world.clock import Appointment, Clock
from world.metric_math import Series, evaluate
from world.metric_series import MetricIndex, metric_data, metric_key
from world.moto_hooks.swap import swapped

OK: Final = "OK"
ALARM: Final = "ALARM"
INSUFFICIENT_DATA: Final = "INSUFFICIENT_DATA"
MINUTE: Final = timedelta(minutes=1)

_LOOKBACK = 2
"""Periods that the evaluation range has beside those of the alarm."""
_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """
    One change of state, as EventBridge would tell it.

    Attributes:
        name: Of the alarm.
        at: UTC.
        old: The state before.
        new: The state now.
        reason: CloudWatch's words.
    """

    name: str
    at: datetime
    old: str
    new: str
    reason: str


class Alarms:
    """
    The alarms of one Region.

    Args:
        clock: Its time.
        region: The Region.

    Attributes:
        listeners: Told of every change of state, in order.
        changes: Every change so far.
    """

    def __init__(self, clock: Clock, region: str) -> None:
        self.listeners: list[Callable[[AlarmChange], None]] = []
        self.changes: list[AlarmChange] = []
        self._clock = clock
        self._region = region
        self._metrics = MetricIndex()
        self._elsewhere: dict[str, MetricIndex] = {}

    @contextmanager
    def installed(self) -> Iterator[Self]:
        """Let moto's alarms be these while the context is open."""
        with ExitStack() as stack:
            stack.enter_context(_composite_alarms_can_be_put())
            stack.enter_context(_a_new_alarm_has_insufficient_data_and_an_edited_one_keeps_its_state())
            stack.enter_context(_only_the_asked_types_are_described())
            stack.enter_context(self._a_state_that_is_set_is_told())
            stack.enter_context(self._metric_data_is_what_was_published())
            yield self

    def start(self) -> Appointment:
        """Evaluate every minute from now on."""
        return self._clock.every(MINUTE, self.evaluate)

    def states(self) -> dict[str, str]:
        """The state of every alarm, by its name."""
        return {alarm.name: alarm.state_value for alarm in self._backend.alarms.values()}

    def says(self, name: str) -> str | None:
        """What the data of the alarm *name* say now, whatever its state was set to; None for too few, or no alarm."""
        alarm = self._backend.alarms.get(name)
        if alarm is None:
            return None
        self._metrics.read(self._backend.metric_data)
        state = judge(_breaches(alarm, self._values(alarm)), periods=1, needed=1, missing="missing")
        return None if state == INSUFFICIENT_DATA else state

    def evaluate(self) -> None:
        """Evaluate every alarm now, composites last."""
        self._metrics.read(self._backend.metric_data)
        for alarm in self._of_metrics():
            self._evaluate_metric_alarm(alarm)
        self._evaluate_composites()

    @property
    def _backend(self) -> CloudWatchBackend:
        return cloudwatch_backends[DEFAULT_ACCOUNT_ID][self._region]

    def _of_metrics(self) -> list[Alarm]:
        return [alarm for alarm in self._backend.alarms.values() if alarm.rule is None]

    def _evaluate_metric_alarm(self, alarm: Alarm) -> None:
        needed = int(alarm.datapoints_to_alarm or alarm.evaluation_periods)
        breaches = _breaches(alarm, self._values(alarm))
        treatment = alarm.treat_missing_data or "missing"
        state = judge(breaches, periods=int(alarm.evaluation_periods), needed=needed, missing=treatment)
        if state is not None:
            seen = sum(bool(breach) for breach in breaches[-int(alarm.evaluation_periods) - _LOOKBACK :])
            self._change(alarm, state, f"{seen} recent datapoints are beyond the threshold ({alarm.threshold})")

    def _values(self, alarm: Alarm) -> Series:
        count = int(alarm.evaluation_periods) + _LOOKBACK
        if not alarm.metric_data_queries:
            statistic = alarm.statistic or alarm.extended_statistic or "Average"
            key = metric_key(alarm.namespace, alarm.metric_name, alarm.dimensions)
            return self._metrics.series(key, statistic, int(float(alarm.period)), self._clock.now, count)
        series: dict[str, Series] = {}
        expressions = []
        for query in alarm.metric_data_queries:
            if query.metric_stat is None:
                expressions.append(query)
                continue
            asked = query.metric_stat
            key = metric_key(asked.metric.namespace, asked.metric.metric_name, asked.metric.dimensions)
            series[query.id] = self._metrics.series(key, asked.stat, int(float(asked.period)), self._clock.now, count)
        for query in expressions:
            series[query.id] = evaluate(str(query.expression), series)
        return series[_returned(alarm)]

    def _evaluate_composites(self) -> None:
        composites = [alarm for alarm in self._backend.alarms.values() if alarm.rule is not None]
        for _ in composites:  # each pass settles at least one level of nesting
            for alarm in composites:
                state = ALARM if is_rule_met(str(alarm.rule), self.states()) else OK
                self._change(alarm, state, f"the rule is {'met' if state == ALARM else 'not met'}: {alarm.rule}")

    def _change(self, alarm: Alarm, state: str, reason: str) -> None:
        old = alarm.state_value
        if old == state:
            return
        alarm.update_state(reason, "{}", state)
        self._tell(alarm.name, old, state, reason)

    def _tell(self, name: str, old: str, new: str, reason: str) -> None:
        change = AlarmChange(name, self._clock.now, old, new, reason)
        self.changes.append(change)
        for listener in self.listeners:
            listener(change)

    def _a_state_that_is_set_is_told(self) -> AbstractContextManager[Any]:
        """Moto's SetAlarmState tells nobody and moves no composite."""
        moto = CloudWatchBackend.set_alarm_state

        def set_alarm_state(
            backend: CloudWatchBackend, alarm_name: str, reason: str, reason_data: str, state_value: str
        ) -> None:
            old = self.states().get(alarm_name, INSUFFICIENT_DATA)
            moto(backend, alarm_name, reason, reason_data, state_value)
            if old != state_value:
                self._tell(alarm_name, old, state_value, reason)
            self._evaluate_composites()

        return swapped(CloudWatchBackend, "set_alarm_state", set_alarm_state)

    def _metric_data_is_what_was_published(self) -> AbstractContextManager[Any]:
        """Moto's GetMetricData knows no percentiles and no math, ignores namespaces and begins periods anywhere."""

        def get_metric_data(
            backend: CloudWatchBackend,
            queries: list[dict[str, Any]],
            start_time: datetime,
            end_time: datetime,
            scan_by: str = "TimestampDescending",
        ) -> list[dict[str, Any]]:
            own = backend.region_name == self._region
            index = self._metrics if own else self._elsewhere.setdefault(backend.region_name, MetricIndex())
            index.read(backend.metric_data)
            newest_first = scan_by == "TimestampDescending"
            return metric_data(index, queries, start_time, end_time, newest_first=newest_first)

        return swapped(CloudWatchBackend, "get_metric_data", get_metric_data)


def _breaches(alarm: Alarm, values: Series) -> list[bool | None]:
    """Whether each of *values* is beyond the threshold; None for no data."""
    beyond = _COMPARISONS[alarm.comparison_operator]
    return [None if value is None else beyond(value, float(alarm.threshold)) for value in values]


def judge(breaches: Sequence[bool | None], *, periods: int, needed: int, missing: str) -> str | None:
    """
    The state that *breaches* make, or None to keep the one there is.

    Real data points, as far back as the range goes, come before any filling for missing ones.

    Args:
        breaches: One a period of the evaluation range, oldest first: beyond the threshold or not; None for no data.
        periods: How many data points count (N).
        needed: How many of them must breach (M).
        missing: `missing`, `ignore`, `breaching` or `notBreaching`.
    """
    real = [breach for breach in breaches if breach is not None][-periods:]
    lacking = periods - len(real)
    filled = sum(real) + (lacking if missing == "breaching" else 0)
    if lacking == 0 or missing in ("breaching", "notBreaching") or filled >= needed:
        return ALARM if filled >= needed else OK
    if not real:
        return INSUFFICIENT_DATA if missing == "missing" else None
    if not all(real):
        return OK
    return ALARM if missing == "missing" and _is_old_enough(breaches, needed) else None


def _is_old_enough(breaches: Sequence[bool | None], needed: int) -> bool:
    """Whether the oldest data point is *needed* periods old: a lone fresh breach is no alarm yet."""
    oldest = next(index for index, breach in enumerate(breaches) if breach is not None)
    return len(breaches) - oldest >= needed


_TOKENS = re.compile(r'\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)|(AND|OR|NOT|TRUE|FALSE|\(|\)))')


def is_rule_met(rule: str, states: Mapping[str, str]) -> bool:
    """
    Whether the alarm rule of a composite is met.

    Args:
        rule: `ALARM(a) OR (ALARM("b") AND NOT OK(c))`, with names or ARNs.
        states: Of all alarms, by name; an alarm that is not there has insufficient data.

    Raises:
        ValueError: It is no rule.
    """
    words = []
    at = 0
    while rule[at:].strip():
        found = _TOKENS.match(rule, at)
        if found is None:
            msg = f"{rule!r} is no alarm rule from {rule[at:]!r} on"
            raise ValueError(msg)
        at = found.end()
        function, name, word = found.groups()
        if function:
            state = states.get(name.rpartition(":alarm:")[2], INSUFFICIENT_DATA)
            words.append("TRUE" if state == function else "FALSE")
        else:
            words.append(word)
    return _any_of(words)


def _any_of(words: list[str]) -> bool:
    met = _all_of(words)
    while words and words[0] == "OR":
        words.pop(0)
        met = _all_of(words) or met
    return met


def _all_of(words: list[str]) -> bool:
    met = _one(words)
    while words and words[0] == "AND":
        words.pop(0)
        met = _one(words) and met
    return met


def _one(words: list[str]) -> bool:
    word = words.pop(0)
    if word == "NOT":
        return not _one(words)
    if word == "(":
        met = _any_of(words)
        words.pop(0)
        return met
    return word == "TRUE"


def _returned(alarm: Alarm) -> str:
    """The query whose series the alarm watches."""
    queries = alarm.metric_data_queries
    shown = [query.id for query in queries if str(query.return_data).lower() != "false"]
    return shown[-1] if shown else queries[-1].id


# --- hooks, each named after what is true with it --------------------------------------------------------------------


@contextmanager
def _composite_alarms_can_be_put() -> Iterator[None]:
    """Moto's books know alarm rules, only its API lacks the action."""
    name = "put_composite_alarm"
    setattr(CloudWatchResponse, name, CloudWatchResponse.put_metric_alarm)
    try:
        yield
    finally:
        delattr(CloudWatchResponse, name)


@contextmanager
def _a_new_alarm_has_insufficient_data_and_an_edited_one_keeps_its_state() -> Iterator[None]:
    """Moto begins with OK, and again with every edit."""
    moto = CloudWatchBackend.put_metric_alarm

    def put_metric_alarm(backend: CloudWatchBackend, name: str, *arguments: Any, **named: Any) -> Alarm:
        before = backend.alarms.get(name)
        alarm = moto(backend, name, *arguments, **named)
        alarm.state_value = before.state_value if before else INSUFFICIENT_DATA
        return alarm

    with swapped(CloudWatchBackend, "put_metric_alarm", put_metric_alarm):
        yield


@contextmanager
def _only_the_asked_types_are_described() -> Iterator[None]:
    """Moto returns composite alarms to everybody; the service only when `AlarmTypes` asks for them."""
    moto = CloudWatchResponse.describe_alarms

    def describe_alarms(responses: CloudWatchResponse) -> ActionResult:
        types = responses._get_param("AlarmTypes", []) or ["MetricAlarm"]  # noqa: SLF001  # moto's own way
        described: Any = moto(responses)
        kinds = (("MetricAlarm", "MetricAlarms"), ("CompositeAlarm", "CompositeAlarms"))
        return ActionResult({key: described.result[key] if kind in types else [] for kind, key in kinds})

    with swapped(CloudWatchResponse, "describe_alarms", describe_alarms):
        yield
