"""Resolve plan: from the deployed configuration and the input to a plan that never changes."""

from typing import Any

from crossfade.core.config import Config
from crossfade.core.duration import format_duration
from crossfade.core.plan import Plan
from crossfade.core.record import Record
from crossfade.core.resolve import read_input, resolve_asked
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger
from crossfade.steps.common import note
from crossfade.steps.tasks import StartTask


def resolve_plan(config: Config, ledger: Ledger, task: StartTask) -> dict[str, Any]:
    """
    Resolve the plan of this execution and open its record.

    Raises:
        InvalidInputError, PlanExpiredError: The input is refused; nothing is stored.
    """
    asked = read_input(config, task.input)
    plan = resolve_asked(config, asked, now=task.now)
    fresh = Record(
        migration=task.migration,
        execution=task.execution,
        plan=plan,
        started=task.started,
        started_by=asked.started_by,
        purpose=asked.reason,
    )
    record = ledger.open(fresh)
    summary = describe(plan)
    data = {"started_by": record.started_by, "purpose": record.purpose}
    told = summary
    if asked.override and not plan.dry_run:
        data["override"] = asked.override
        told = f"{summary}; outside the change windows, because: {asked.override}"
    note(ledger, record, task.started, TimelineEvent.STARTED, told, **data)
    return {
        "plan": plan.name,
        "stages": len(plan.stages),
        "workloads": len(plan.workloads),
        "dry_run": plan.dry_run,
        "summary": summary,
    }


def describe(plan: Plan) -> str:
    """The plan in one line."""
    stages = ", ".join(
        f"{stage.share_percent:g} % for {format_duration(stage.bake)}" for stage in plan.stages if stage.wave == 0
    )
    waves = f"; waves {', '.join(wave.name for wave in plan.waves)}" if plan.waves else ""
    kind = "dry run of plan" if plan.dry_run else "plan"
    moved = f"{len(plan.workloads)} workload{'s' * (len(plan.workloads) != 1)}"
    return (
        f"{kind} {plan.name}: {moved} from {plan.blue.name} to {plan.green.name}; "
        f"{stages}{waves}; soak {format_duration(plan.soak)}"
    )
