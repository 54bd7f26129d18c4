"""From the deployed configuration and the input of an execution to the plan of one migration.

The input may choose among what is deployed and may narrow it; it can name nothing new. `{}` is the default plan for
all workloads.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, Strict, ValidationError
from pydantic.alias_generators import to_camel

from crossfade.core.config import Config
from crossfade.core.fault import sentence, sentences
from crossfade.core.forms import Instant, Words, shown
from crossfade.core.model import Model
from crossfade.core.plan import Plan
from crossfade.core.preview import longest
from crossfade.core.shared import torn
from crossfade.core.waves import narrowed
from crossfade.errors import InvalidInputError, PlanExpiredError, SharedWeightError, WindowClosedError

_ROOT = ("input",)


class MigrationInput(Model):
    """
    What a start may ask for, in camelCase; everything is optional.

    Attributes:
        plan: A plan of the configuration; None for its `defaultPlan`.
        workloads: Names of the workloads to move; None for all.
        dry_run: Whether to stop after the preflight.
        not_after: The latest instant to start, with a zone; the earlier of this and the plan's counts.
        reason: Why, for the timeline; one line.
        override: Why it may start outside a change window or in a freeze; only where the configuration allows that.
        started_by: Who or what starts it, for the record; one line. Nobody checks it here: AWS CloudTrail does.
    """

    model_config = ConfigDict(alias_generator=to_camel)

    plan: str | None = None
    workloads: tuple[str, ...] | None = Field(default=None, min_length=1)
    dry_run: Annotated[bool, Strict()] = False
    not_after: Instant | None = None
    reason: Words = ""
    started_by: Words = ""
    override: Words = ""


def resolve(config: Config, given: object, *, now: datetime) -> Plan:
    """
    Resolve the plan of one migration.

    Args:
        config: As deployed.
        given: The input of the execution, as JSON has it.
        now: When the execution started, UTC.

    Raises:
        InvalidInputError: *given* breaks a rule; the message has a line for every fault.
        WindowClosedError: The run does not fit into a change window, or a freeze is in its way.
        PlanExpiredError: *now* is later than the plan or the input allows.
        SharedWeightError: *given* chooses some of the workloads that share a weight, but not all.
    """
    return resolve_asked(config, read_input(config, given), now=now)


def resolve_asked(config: Config, asked: MigrationInput, *, now: datetime) -> Plan:
    """
    Resolve the plan of one migration from its checked input.

    Raises:
        WindowClosedError: The run does not fit into a change window, or a freeze is in its way.
        PlanExpiredError: *now* is later than the plan or the input allows.
    """
    name = asked.plan or config.default_plan
    plan = config.plan(name)
    not_after = min((limit for limit in (plan.not_after, asked.not_after) if limit), default=None)
    _refuse_late_start(name, not_after, now)
    chosen = plan if asked.workloads is None else narrowed(plan, asked.workloads)
    _refuse_torn(plan, [workload.name for workload in chosen.workloads])
    _refuse_closed(config, asked, chosen, now)
    return chosen.model_copy(update={"not_after": not_after, "dry_run": asked.dry_run})


def read_input(config: Config, given: object) -> MigrationInput:
    """
    Check the input of an execution against *config*.

    Raises:
        InvalidInputError: With a line for every fault.
    """
    if not isinstance(given, dict):
        raise InvalidInputError(sentence(_ROOT, "must be a JSON object; start with {} for the default plan"))
    faults: list[str] = []
    asked = None
    try:
        asked = MigrationInput.model_validate(given)
    except ValidationError as error:
        keys = [field.alias or name for name, field in MigrationInput.model_fields.items()]
        faults = sentences(error, keys, root=_ROOT)
    faults += _reference_faults(config, given)
    if asked is None or faults:
        raise InvalidInputError("\n".join(dict.fromkeys(faults)))
    return asked


def _reference_faults(config: Config, given: dict[str, object]) -> Iterator[str]:
    plan, workloads = given.get("plan"), given.get("workloads")
    if isinstance(plan, str) and plan not in config.plans:
        yield sentence((*_ROOT, "plan"), f"there is no plan {shown(plan)}; use one of {', '.join(config.plans)}")
    if given.get("override") and not (config.calendar and config.calendar.override):
        yield sentence((*_ROOT, "override"), "the configuration allows none (calendar.override); remove it")
    names = [workload.name for workload in config.workloads]
    asked = workloads if isinstance(workloads, list) else []
    for index, name in enumerate(asked):
        path = (*_ROOT, "workloads", index)
        if isinstance(name, str) and name not in names:
            yield sentence(path, f"there is no workload {shown(name)}; use some of {', '.join(names)}")
        elif name in asked[:index]:
            yield sentence(path, f"{shown(str(name))} stands here twice; remove one")


def _refuse_torn(plan: Plan, chosen: Sequence[str]) -> None:
    if groups := torn(plan.workloads, chosen):
        shared = "; ".join(f"{', '.join(sorted(group))} have one weight in common" for group in groups)
        msg = f"input.workloads: {shared}; choose all of them, or give each a parameter of its own under `argocd`"
        raise SharedWeightError(msg)


def _refuse_closed(config: Config, asked: MigrationInput, plan: Plan, now: datetime) -> None:
    """A dry run changes nothing, so it may be made at any time."""
    if config.calendar is None or asked.dry_run or (config.calendar.override and asked.override):
        return
    if refusal := config.calendar.calendar.refusal(now, longest(plan)):
        way_out = ", or give a reason as override" if config.calendar.override else ""
        msg = f"plan {plan.name} may not start now: {refusal}. Nothing was changed; start again then{way_out}"
        raise WindowClosedError(msg)


def _refuse_late_start(name: str, not_after: datetime | None, now: datetime) -> None:
    if not_after is not None and now > not_after:
        msg = (
            f"plan {name} may not start after {not_after.isoformat()}, and it is {now.isoformat()}; "
            f"nothing was changed. Move notAfter forward and start again"
        )
        raise PlanExpiredError(msg)
