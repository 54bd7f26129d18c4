"""The ways in which a migration starts, in the embedded world: by hand, by a schedule, by an event, by a pipeline.

The trigger is put into the configuration that is deployed, as a customer would; from then on all is the world's doing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import boto3

from crossfade.core.config import Config, check_config
from crossfade.names import Function

if TYPE_CHECKING:
    from crossfade.cli.embedded import Embedded
    from world.functions import Invocation
    from world.pipeline import ActionResult

NAME: Final = "demo"
"""Of the migration that is started by hand, and of what starts the others."""

_DUE: Final = "2026-03-01T02:00:00"
"""When the embedded world is ready, in UTC: a quarter of an hour after it opens."""
_SOON: Final = timedelta(minutes=10)
"""By then every way has started something."""
_EVENT: Final = {"source": "com.example.release", "detailType": "Release Approved"}
_PREFIX: Final = "pipeline"
"""As the construct for pipelines has it."""


class Way(StrEnum):
    """Who or what starts it."""

    CONSOLE = "console"
    SCHEDULE = "schedule"
    EVENT = "event"
    PIPELINE = "pipeline"


@dataclass
class Begun:
    """
    A migration that has been started.

    Attributes:
        arn: Of its execution.
        words: Who did it, for the timeline; empty when a person did.
        stage: What became of the pipeline's stage, once it has ended; empty without a pipeline.
    """

    arn: str
    words: str = ""
    stage: "list[ActionResult]" = field(default_factory=list)

    @property
    def migration(self) -> str:
        """Its name."""
        return self.arn.rpartition(":")[2]


def triggered(config: Config, way: Way, plan: str) -> Config:
    """*config* with the trigger that starts *plan* in this way, switched on, instead of those that it has."""
    trigger: dict[str, object] = {"name": NAME, "plan": plan, "enabled": True}
    match way:
        case Way.SCHEDULE:
            triggers = {"schedules": [trigger | {"expression": f"at({_DUE})", "timezone": "UTC"}]}
        case Way.EVENT:
            triggers = {"events": [trigger | _EVENT]}
        case Way.CONSOLE | Way.PIPELINE:
            return config
    return check_config(json.loads(config.to_json()) | {"triggers": triggers}, now=None)


def begin(world: "Embedded", way: Way, given: Mapping[str, Any]) -> Begun:
    """Start a migration with the input *given*, which a schedule and an event bring along themselves."""
    match way:
        case Way.CONSOLE:
            return Begun(world.cloud.start(NAME, given))
        case Way.SCHEDULE:
            return Begun(_first(world, lambda: None), f"EventBridge Scheduler starts it: at({_DUE}) UTC is due")
        case Way.EVENT:
            return Begun(_first(world, _put_event), f"an event starts it: {_EVENT['detailType']} of {_EVENT['source']}")
        case Way.PIPELINE:
            return _in_pipeline(world, {**given, "startedBy": f"pipeline {NAME}"})


def _in_pipeline(world: "Embedded", given: Mapping[str, Any]) -> Begun:
    from world.pipeline import run_action  # noqa: PLC0415 - the world takes a second to load, and other commands need none of it

    action = {"Input": json.dumps(given), "InputType": "Literal", "ExecutionNamePrefix": _PREFIX}
    machine, ended = world.cloud.deployment.machine_arn, list["ActionResult"]()

    def stage() -> None:
        ended.append(run_action(action, world.clock, machine_arn=machine))

    return Begun(_first(world, lambda: world.clock.spawn(stage)), "a pipeline's stage starts it and waits", ended)


def _put_event() -> None:
    boto3.client("events").put_events(
        Entries=[{"Source": _EVENT["source"], "DetailType": _EVENT["detailType"], "Detail": "{}"}]
    )


def _first(world: "Embedded", ask: Callable[[], object]) -> str:
    """The ARN of the first execution that runs after *ask*."""
    found: list[str] = []

    def note(invocation: "Invocation") -> None:
        if invocation.function == Function.RESOLVE_PLAN.value:
            found.append(invocation.payload["execution"])

    world.cloud.functions.before.append(note)
    ask()
    world.clock.run_until(world.clock.now + _SOON, stop=lambda: bool(found))
    world.cloud.functions.before.remove(note)
    return found[0]
