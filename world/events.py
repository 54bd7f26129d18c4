"""EventBridge: rules that wake functions when an execution ends, when an alarm changes, and as time passes.

Known here are patterns of exact values, rates, and functions as targets; what a template says beyond that is an
error. An event arrives a second after what it tells of, at least once. A function that fails is not called again for
the same event: the product asks for no such retries.
Sources: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

import itertools
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from botocore.exceptions import ClientError

from world.alarms import AlarmChange
from world.clock import Appointment, Clock
from world.functions import Functions
from world.moto_hooks.bus import events_are_heard
from world.step_functions import Execution

Json = Mapping[str, Any]

DELAY: Final = timedelta(seconds=1)
"""From the end of an execution, or the change of an alarm, to the call of the function; mostly less on AWS."""

_RATE: Final = re.compile(r"rate\((?P<count>[1-9]\d*) (?P<unit>minute|hour|day)s?\)")


class UnknownRuleError(ValueError):
    """A rule says something that is not known here."""


@dataclass(frozen=True)
class Start:
    """
    A state machine as a target, with an input transformer.

    Attributes:
        machine_arn: Which one.
        paths: Where in the event each value of the template is found, such as `$.id`.
        template: JSON with `<name>` where a value goes.
    """

    machine_arn: str
    paths: Mapping[str, str]
    template: str

    def input_for(self, event: Json) -> Any:
        """
        The input of the execution.

        Raises:
            UnknownRuleError: A path is not one of plain keys.
        """
        text = self.template
        for name, path in self.paths.items():
            if not re.fullmatch(r"\$(\.[a-z-]+)+", path):
                msg = f"the path {path} is not known here; teach it to world/events.py"
                raise UnknownRuleError(msg)
            value: Any = event
            for key in path.split(".")[1:]:
                value = value[key]
            text = text.replace(f"<{name}>", str(value))
        return json.loads(text)


@dataclass(frozen=True)
class Rule:
    """
    One rule of a template.

    Attributes:
        arn: Its own.
        pattern: Which events it lets through; None when it goes by the clock.
        interval: How often it fires by the clock; None when it goes by events.
        targets: ARNs of the functions it calls, each with its version.
        starts: The state machines it starts, and with what.
    """

    arn: str
    pattern: Json | None
    interval: timedelta | None
    targets: tuple[str, ...]
    starts: tuple["Start", ...] = ()


class Events:
    """
    The default event bus of one account and Region.

    Args:
        clock: Its time.
        functions: What targets are.
        account: In the events.
        region: In the events.

    Attributes:
        lost: Whether what executions and alarms tell gets lost; rules by the clock go on.
        copies: How often each event arrives; "at least once" means that it can be more.
        start: How an execution is asked for: machine, name, input. Who makes the cloud sets it.
    """

    def __init__(self, clock: Clock, functions: Functions, *, account: str, region: str) -> None:
        self.lost = False
        self.copies = 1
        self.start: Callable[[str, str | None, Any], str]
        self._clock = clock
        self._functions = functions
        self._place = {"account": account, "region": region}
        self._rules: list[Rule] = []
        self._ticking: list[Appointment] = []
        self._ids = itertools.count(1)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Afterwards nothing fires any more."""
        try:
            with events_are_heard(self._put):
                yield
        finally:
            for appointment in self._ticking:
                appointment.cancel()

    def add(self, rules: Iterable[Rule]) -> None:
        """Let *rules* work from now on; what goes by the clock fires for the first time after one interval."""
        for rule in rules:
            self._rules.append(rule)
            if rule.interval is not None:
                self._ticking.append(self._clock.every(rule.interval, partial(self._fire, rule)))

    def ended(self, execution: Execution) -> None:
        """Tell that *execution* has ended."""
        if not self.lost:
            about = [execution.arn]
            self._tell(self._event("aws.states", "Step Functions Execution Status Change", about, _detail(execution)))

    def _put(self, entry: Json) -> None:
        """Somebody has put an event of their own; here every bus is the same one."""
        detail = json.loads(entry["Detail"])
        self._tell(self._event(entry["Source"], entry["DetailType"], entry.get("Resources", []), detail))

    def alarm_changed(self, change: AlarmChange) -> None:
        """Tell that an alarm has changed its state."""
        if not self.lost:
            arn = f"arn:aws:cloudwatch:{self._place['region']}:{self._place['account']}:alarm:{change.name}"
            self._tell(self._event("aws.cloudwatch", "CloudWatch Alarm State Change", [arn], _detail_of_alarm(change)))

    def _tell(self, event: Json) -> None:
        for rule in self._rules:
            if rule.pattern is not None and matches(rule.pattern, event):
                for _ in range(self.copies):
                    self._clock.after(DELAY, partial(self._call, rule, event))

    def _fire(self, rule: Rule) -> None:
        self._call(rule, self._event("aws.events", "Scheduled Event", [rule.arn], {}))

    def _call(self, rule: Rule, event: Json) -> None:
        for arn in rule.targets:
            self._clock.spawn(partial(self._invoke, arn, event))
        for start in rule.starts:
            name = str(uuid.UUID(int=next(self._ids)))  # EventBridge's own choice, another one for every delivery
            self.start(start.machine_arn, name, start.input_for(event))

    def _invoke(self, arn: str, event: Json) -> None:
        with suppress(ClientError):  # the service refuses the call; nobody waits for an answer
            self._functions.invoke(arn, json.dumps(event).encode())

    def _event(self, source: str, detail_type: str, about: Sequence[str], detail: Json) -> Json:
        return {
            "version": "0",
            "id": str(uuid.UUID(int=next(self._ids))),
            "detail-type": detail_type,
            "source": source,
            **self._place,
            "time": self._clock.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "resources": list(about),
            "detail": detail,
        }


def _detail(execution: Execution) -> Json:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.arn.rsplit(":", 1)[0].replace(":execution:", ":stateMachine:"),
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.started),
        "stopDate": None if execution.stopped is None else _milliseconds(execution.stopped),
        "input": json.dumps(execution.input),
        "output": None if execution.output is None else json.dumps(execution.output),
        "error": execution.error,
        "cause": execution.cause,
    }


def _detail_of_alarm(change: AlarmChange) -> Json:
    """Without the configuration of the alarm, which nobody reads here."""
    return {
        "alarmName": change.name,
        "state": {"value": change.new, "reason": change.reason, "timestamp": _stamp(change.at)},
        "previousState": {"value": change.old},
    }


def _stamp(when: datetime) -> str:
    """As CloudWatch writes it: with a zone that has no colon."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}+0000"


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def matches(pattern: Json, event: Json) -> bool:
    """Whether *event* has, for every key of *pattern*, one of the listed values."""
    return all(key in event and _has(wanted, event[key]) for key, wanted in pattern.items())


def _has(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and matches(wanted, found)
    return found in wanted


def checked_pattern(pattern: Json) -> Json:
    """
    *pattern*, if it is of exact values.

    Raises:
        UnknownRuleError: It filters by anything else.
    """
    for key, wanted in pattern.items():
        if isinstance(wanted, Mapping):
            checked_pattern(wanted)
        elif not isinstance(wanted, list) or not all(isinstance(value, (str, int, bool)) for value in wanted):
            msg = f"the pattern {wanted} of {key} is not known here; teach it to world/events.py"
            raise UnknownRuleError(msg)
    return pattern


def interval_of(expression: str) -> timedelta:
    """
    The interval of `rate(5 minutes)`.

    Raises:
        UnknownRuleError: It is no rate.
    """
    rate = _RATE.fullmatch(expression)
    if rate is None:
        msg = f"the schedule {expression} is not known here; teach it to world/events.py"
        raise UnknownRuleError(msg)
    return int(rate["count"]) * timedelta(**{f"{rate['unit']}s": 1})
