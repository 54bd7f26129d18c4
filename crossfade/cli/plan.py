"""`crossfade plan`: what a plan would do, for people and for programs. It asks nobody and changes nothing."""

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossfade.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    Output,
    OutputOption,
    PlanOption,
    WorkloadsOption,
    asked_for,
    current,
    plan_asked_for,
)
from crossfade.cli.plan_json import to_json
from crossfade.cli.printing import console
from crossfade.core.budget import EVENTS_MAX
from crossfade.core.config import Config
from crossfade.core.duration import format_duration
from crossfade.core.plan import Gate, OnFailure, Plan
from crossfade.core.preview import Failures, Preview, Span, over_budget, preview
from crossfade.errors import InvalidInputError

_LONG: Final = timedelta(minutes=10)
"""From here on seconds say nothing any more."""

_LETTERS: Final = ((1_000_000, 1_000_000, "M"), (10_000, 1_000, "k"))


_POLICIES: Final = {
    OnFailure.WAVE: "If a workload fails, its wave goes back with those after it; complete waves stay on green.",
    OnFailure.WORKLOAD: "If a workload fails, it goes back alone with the waves after its own; the others go on.",
}


def command(
    *,
    plan: PlanOption = None,
    workloads: WorkloadsOption = None,
    requests_per_second: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="N", help="Of all these workloads together, instead of what the configuration expects."
        ),
    ] = None,
    error_rate: Annotated[
        float, typer.Option(metavar="0..1", help="Which part of a bad green's requests fails.")
    ] = 1.0,
    output: OutputOption = Output.TEXT,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """
    Show what a plan would do, how long it takes and what it risks.

    Nothing is changed and AWS is not asked. The figures come from the same decisions that a run takes.
    Exit code 2 if the configuration has a fault, or the plan exceeds its budget of failed requests.
    """
    read = current(config)
    chosen = plan_asked_for(read, asked_for(plan, workloads))
    seen = _preview(read, chosen, requests_per_second, error_rate)
    if output is Output.JSON:
        typer.echo(json.dumps(to_json(seen), indent=2))
    else:
        show(seen, console())
        if words := _may_start(read, seen, datetime.now(UTC)):
            console().print(Text(words))
    if seen.budget is not None and seen.budget.kept is False:
        msg = f"plan {chosen.name}: its budget of {seen.budget.failed_requests:,} failed requests {over_budget(seen)}"
        raise InvalidInputError(msg)


def _may_start(config: Config, seen: Preview, now: datetime) -> str:
    """Whether it may start now; empty when nothing could forbid it."""
    if seen.plan.not_after is not None and seen.plan.not_after <= now:
        return f"It may not start any more: its notAfter, {seen.plan.not_after:%Y-%m-%d %H:%M} UTC, is past."
    if config.calendar is None:
        return ""
    refusal = config.calendar.calendar.refusal(now, seen.duration.longest)
    return f"It may not start now: {refusal}." if refusal else "It may start now."


def _preview(config: Config, plan: Plan, requests_per_second: float | None, error_rate: float) -> Preview:
    rates = plan.requests_per_second
    if requests_per_second is not None:
        if not math.isfinite(requests_per_second):
            msg = f"--requests-per-second {requests_per_second} is no rate; give a number such as 200"
            raise InvalidInputError(msg)
        rates = {workload.name: requests_per_second / len(plan.workloads) for workload in plan.workloads}
    budget = config.plans[plan.name].budget
    try:
        return preview(
            plan,
            requests_per_second=rates,
            error_rate=error_rate,
            failed_requests=budget.failed_requests if budget else None,
        )
    except ValueError as error:
        raise InvalidInputError(str(error)) from error


def show(seen: Preview, console: Console) -> None:
    """Print *seen* for people."""
    console.print(Group(_head(seen.plan), Text(), _stages(seen), Text(), _writes(seen), Text(), _figures(seen)))
    for warning in seen.warnings:
        console.print(Text(f"Look twice: {warning}.", style="yellow"))


def _head(plan: Plan) -> RenderableType:
    names = ", ".join(workload.name for workload in plan.workloads)
    head = Text(f"Plan {plan.name}", style="bold")
    way = "wave by wave" if plan.waves else "together"
    head.append(f" moves {names} from {plan.blue.name} to {plan.green.name}, {way}.", style="default")
    for wave in plan.waves:
        after = f", after {', '.join(wave.after)}" if wave.after else ""
        head.append(f"\nWave {wave.name}: {', '.join(wave.workloads)}{after}.", style="default")
    if plan.on_failure is not OnFailure.ALL:
        head.append(f"\n{_POLICIES[plan.on_failure]}", style="default")
    return head


def _stages(seen: Preview) -> RenderableType:
    table = _table("stage", "green gets", "blue : green", "traffic moved", "watched until", "users back on blue in")
    if seen.requests_per_second is not None:
        table.add_column("fail if green turns bad here", justify="right")
    for stage in seen.stages:
        gate = " + approval" if stage.gate is Gate.APPROVAL else ""
        cells = [
            f"{stage.index + 1} {stage.wave}".rstrip(),
            f"{stage.wanted_percent:g} %",
            f"{stage.split.blue} : {stage.split.green}",
            _since(stage.moved),
            f"{_since(stage.ended)}{gate}",
            _span(stage.rollback),
        ]
        table.add_row(*cells, *([_failures(stage.turns_bad)] if stage.turns_bad else []))
    return table


def _writes(seen: Preview) -> RenderableType:
    table = _table("written", "for", "cluster", "weight", "green's share then", "users have followed")
    for write in seen.writes:
        table.add_row(
            _since(write.written),
            f"{'the end' if write.stage is None else f'stage {write.stage + 1}'} {write.wave}".rstrip(),
            write.side.value,
            f"{write.weight}",
            f"{write.split.share_percent:.3g} %",
            _since(write.followed),
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("for", "cluster") else "right")
    return table


def _figures(seen: Preview) -> RenderableType:
    lines = [
        f"Takes {_span(seen.duration)}, soak of {format_duration(seen.plan.soak)} included{_people(seen)}.",
        f"A rollback has users back on blue in {_span(seen.rollback)}; it is read back in {_span(seen.read_back)}.",
        _harm(seen),
        _cost(seen),
        _budget(seen),
        f"Times: typical .. longest while {_others(seen)}CloudWatch keep their usual times.",
    ]
    return Text("\n".join(line for line in lines if line))


def _others(seen: Preview) -> str:
    """Whom else the plan waits for."""
    routers = {workload.router for workload in seen.plan.workloads}
    carried = "ExternalDNS, " if any(not router.is_direct for router in routers) else ""
    authority = "Route 53" if any(router.is_dns for router in routers) else "Elastic Load Balancing"
    return f"{carried}{authority} and "


def _people(seen: Preview) -> str:
    if not seen.approvals:
        return ""
    times = "once" if seen.approvals == 1 else f"{seen.approvals} times"
    return f"; somebody has to approve {times}, and may take {_time(seen.spare)} in all"


def _harm(seen: Preview) -> str:
    if seen.bad_from_start is None or seen.requests_per_second is None:
        return "How many requests would fail: give --requests-per-second, or requestsPerSecond of each workload."
    return (
        f"If green is bad from its first user on, {_failures(seen.bad_from_start)} requests fail, of "
        f"{seen.requests_per_second:,g} a second, {100 * seen.error_rate:g} % of green's failing."
    )


def _cost(seen: Preview) -> str:
    """A slow run may cost less than a typical one: its looks are further apart."""
    least, most = sorted(zip(seen.transitions, seen.dollars, strict=True))
    return (
        f"Costs {_both(least[0], most[0])} state transitions, {_both(f'${least[1]:.4f}', f'${most[1]:.4f}')}; "
        f"at worst {seen.events_worst:,} of {EVENTS_MAX:,} history events."
    )


def _budget(seen: Preview) -> str:
    if seen.budget is None:
        return ""
    words = {True: "kept", False: "exceeded", None: "not checked, as no rate is known"}[seen.budget.kept]
    return f"Budget of {seen.budget.failed_requests:,} failed requests: {words}."


def _both(typical: object, longest: object) -> str:
    return f"{typical}" if typical == longest else f"{typical} .. {longest}"


def _since(span: Span) -> str:
    return f"+{_span(span)}"


def _span(span: Span) -> str:
    return _both(_time(span.typical), _time(span.longest))


def _time(duration: timedelta) -> str:
    if duration < _LONG:
        return format_duration(duration)
    return format_duration(timedelta(minutes=round(duration / timedelta(minutes=1))))


def _failures(failures: Failures) -> str:
    return f"{_count(failures.expected)} .. {_count(failures.worst)}"


def _count(figure: float | None) -> str:
    """Two digits: the model knows no more."""
    if figure is None:
        return "no end"
    rounded = float(f"{figure:.2g}")
    for least, unit, letter in _LETTERS:
        if rounded >= least:
            return f"{rounded / unit:g}{letter}"
    return f"{rounded:,.0f}"
