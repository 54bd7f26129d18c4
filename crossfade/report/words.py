"""The report's words: what an outcome means, what to do next, and how numbers and times are written."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crossfade.core.record import Outcome
from crossfade.core.source import SourceKind
from crossfade.core.weight import Side
from crossfade.core.wording import plain, said_once
from crossfade.core.workload import Workload
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_KEY, WEIGHT_PROPERTY
from crossfade.report.clock import FAULT_PERCENT
from crossfade.report.counting import MINUTE, measured, percent
from crossfade.report.model import MomentKind, Report, StageResult

NOT_MEASURED: Final = "not measured"
NOT_AWS: Final = "Not run on AWS: this is a run in the embedded world that ships with Crossfade."

_TINY, _HUGE = 0.01, 1e9
"""Beyond these a number is written with an exponent."""

_LONG: Final = 160
"""A reason with more characters is read more easily as a list."""

GOOD, BACK, BAD, CALM = "good", "back", "bad", "calm"
"""The tones of an outcome: green, blue, red, grey."""

TITLES: Final = {
    Outcome.SUCCEEDED: "Succeeded",
    Outcome.ROLLED_BACK: "Rolled back",
    Outcome.PARTLY_ROLLED_BACK: "Partly rolled back",
    Outcome.ROLLBACK_UNCONFIRMED: "Rollback unconfirmed",
    Outcome.HELD: "Held",
    Outcome.REFUSED: "Refused",
    Outcome.DUPLICATE: "Duplicate",
    Outcome.DRY_RUN: "Dry run",
    None: "Still running",
}
SENTENCES: Final = {
    Outcome.SUCCEEDED: "all traffic is on green",
    Outcome.ROLLED_BACK: "all traffic is back on blue",
    Outcome.PARTLY_ROLLED_BACK: "some hosts are on green, the others are back on blue",
    Outcome.ROLLBACK_UNCONFIRMED: "traffic could not be read back as before",
    Outcome.HELD: "traffic is held on purpose",
    Outcome.REFUSED: "nothing was changed",
    Outcome.DUPLICATE: "another execution already does this; nothing was changed",
    Outcome.DRY_RUN: "the preflight passed; nothing was changed",
    None: "this report was made before the end",
}
TONES: Final = {
    Outcome.SUCCEEDED: GOOD,
    Outcome.ROLLED_BACK: BACK,
    Outcome.PARTLY_ROLLED_BACK: BACK,
    Outcome.ROLLBACK_UNCONFIRMED: BAD,
    Outcome.HELD: CALM,
    Outcome.REFUSED: CALM,
    Outcome.DUPLICATE: CALM,
    Outcome.DRY_RUN: CALM,
    None: CALM,
}
RESULTS: Final = {
    StageResult.PASSED: "passed",
    StageResult.ROLLED_BACK: "rolled back",
    StageResult.UNFINISHED: "not finished",
    StageResult.NOT_REACHED: "not reached",
}
MOMENTS_BACK: Final = {
    MomentKind.FAULT_SEEN: "Fault seen",
    MomentKind.DECIDED: "Rollback decided",
    MomentKind.FIRST_WRITE: "First write accepted",
    MomentKind.READ_BACK: "Weights read back",
    MomentKind.MOST_USERS: "19 of 20 users back on blue",
    MomentKind.LAST_USER: "Last user back on blue",
}
MOMENTS_FORTH: Final = {
    MomentKind.FIRST_WRITE: "First write accepted",
    MomentKind.READ_BACK: "All weights on green, read back",
    MomentKind.MOST_USERS: "19 of 20 users left blue",
    MomentKind.LAST_USER: "Last user left blue",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do next: a sentence and, where it helps, commands to copy."""

    text: str
    commands: tuple[str, ...] = ()


def headline(report: Report) -> str:
    """The outcome in one line, without the reason."""
    return f"{TITLES[report.outcome]}: {SENTENCES[report.outcome]}"


def reasons(report: Report) -> tuple[str, ...]:
    """Why it ended so, a part each, without the words that the headline has already."""
    own_words = f"{SENTENCES[report.outcome]}: "
    text = plain(said_once(report.reason)).removeprefix(own_words)
    parts = _parted(text) if len(text) > _LONG and "\n" not in text else text.splitlines()
    return tuple(part for part in parts if part.strip())


def _parted(text: str) -> list[str]:
    """*text* at its semicolons; what names nothing itself, such as "it is tried again", stays with what it is of."""
    parts: list[str] = []
    for part in text.split("; "):
        if parts and ": " not in part:
            parts[-1] += f"; {part}"
        else:
            parts.append(part)
    return parts


def advice(report: Report) -> tuple[Advice, ...]:
    """What to do next, most urgent first."""
    return _ADVICE[report.outcome](report)


def contradictions(report: Report) -> tuple[str, ...]:
    """Where the weights read for this report are not what the outcome promises, a sentence each."""
    return tuple(
        f"{at.host or at.workload} shows blue {weight(at.blue)} : green {weight(at.green)}, "
        f"wanted is blue {weight(at.wanted_blue)} : green {weight(at.wanted_green)}"
        for at in report.readback
        if at.as_wanted is False
    )


def _after_success(report: Report) -> tuple[Advice, ...]:
    last = next((moment for moment in report.clock if moment.kind is MomentKind.LAST_USER), None)
    known = last.how if last else "when it answered the last one is not known"
    quiet = f"it answered the last one before {clock(last.at)} UTC" if last and last.at else known
    rest = f" At the end of the soak {report.residual.words}." if report.residual else ""
    return (
        Advice(
            "If Argo CD or Terraform owns the weights, commit those read back there now; "
            "the next sync may undo them otherwise."
        ),
        Advice(f"Keep {report.plan.blue.name} until it has had no requests for a day: {quiet}.{rest}"),
        Advice(f"Then remove the workloads from {report.plan.blue.name}, and the cluster last."),
    )


def _after_rollback(report: Report) -> tuple[Advice, ...]:
    blue, green = report.plan.blue.name, report.plan.green.name
    is_empty = report.moment(MomentKind.LAST_USER) is not None
    rest = "" if is_empty else f" Keep {green} running until its last user has left; this report does not show that."
    return (
        Advice(f"Users are on {blue}; nothing is urgent.{rest}"),
        Advice(f"Find out why: {_first(reasons(report)) or 'see the decisions above'}.{_suspects(report)}"),
        Advice(f"Mend {green}, then start again; a small first stage limits what the next fault costs."),
    )


def _after_some(report: Report) -> tuple[Advice, ...]:
    names = ", ".join(at.workload for at in report.readback if at.wanted_blue) or "those that went back"
    return (
        Advice("Nothing is urgent: each host is all on one side."),
        Advice(
            "If Argo CD or Terraform owns the weights, commit those read back there now, for the hosts on green; "
            "the next sync may undo them otherwise."
        ),
        Advice(f"Find out why: {_first(reasons(report)) or 'see the decisions above'}.{_suspects(report)}"),
        Advice(f"Mend that on {report.plan.green.name}, then start again for {names} alone."),
    )


def _suspects(report: Report) -> str:
    """Where to look, when the series shows which workloads failed on green."""
    since, until = report.moment(MomentKind.FAULT_SEEN), report.rollback_began
    if since is None or until is None:
        return ""
    found = [(series.workload, measured((series,), since, max(until, since + MINUTE))) for series in report.series]
    sick = [
        name for name, sums in found if sums and (percent(sums.green_5xx, sums.green_requests) or 0) >= FAULT_PERCENT
    ]
    where = f"{', '.join(sick)} on {report.plan.green.name}" if sick else report.plan.green.name
    return f" Look at {where}: logs and load balancer targets from {clock(since)} UTC on."


def _when_unconfirmed(report: Report) -> tuple[Advice, ...]:
    return (
        Advice(
            "Act now: look at the weights of every host, in Route 53 or its listener rule, and at whether blue answers."
        ),
        Advice(
            f"Raise blue first. In {report.plan.blue.name}, then in {report.plan.green.name} "
            f"(ExternalDNS from v0.22 on reads {STABLE_PREFIX} instead of {ALPHA_PREFIX}):",
            _annotations(report),
        ),
        Advice(
            f"Where an API server does not answer, set the weights of the records in hosted zone "
            f"{report.plan.zone.name} ({report.plan.zone.id}) by hand. A live ExternalDNS writes its own values again "
            f"within a minute, so its annotations have to change, too."
        ),
        Advice("The guardian goes on trying and keeps the lease; it reports when the weights are read back after all."),
    )


def _while_held(report: Report) -> tuple[Advice, ...]:
    hold = next((signal for signal in reversed(report.signals) if signal.kind.value == "hold"), None)
    who = f"held by {hold.by}" + (f" until {moment(hold.until)}" if hold.until else "") if hold else "held"
    return (
        Advice(f"Traffic stays as it is ({who}). Decide soon: a hold is not a safe place to forget."),
        Advice("Resume to go on with the plan, or abort to give all traffic back to blue."),
    )


def _after_refusal(_report: Report) -> tuple[Advice, ...]:
    return (
        Advice("Users noticed nothing: no weight was written."),
        Advice("Mend what the reason names, then start again. A dry run makes the same checks without a start."),
    )


def _only(text: str) -> Callable[[Report], tuple[Advice, ...]]:
    return lambda _report: (Advice(text),)


_ADVICE: Final[Mapping[Outcome | None, Callable[[Report], tuple[Advice, ...]]]] = {
    Outcome.SUCCEEDED: _after_success,
    Outcome.ROLLED_BACK: _after_rollback,
    Outcome.PARTLY_ROLLED_BACK: _after_some,
    Outcome.ROLLBACK_UNCONFIRMED: _when_unconfirmed,
    Outcome.HELD: _while_held,
    Outcome.REFUSED: _after_refusal,
    Outcome.DUPLICATE: _only("Look at the other execution; it is the one that moves these hosts."),
    Outcome.DRY_RUN: _only("Start the same plan without dryRun when the time has come. Nothing was changed."),
    None: _only("Make this report again once the migration has ended."),
}


def _annotations(report: Report) -> tuple[str, ...]:
    baseline = {at.workload: at for at in report.baseline}
    known = [(w, baseline[w.name]) for w in report.plan.workloads if w.name in baseline]
    lines: list[str] = []
    for side in Side:
        cluster = report.plan.cluster(side).name
        commands = [f"# in {cluster}"]
        for workload, at in known:
            value = at.blue if side is Side.BLUE else at.green
            if value is not None:
                commands += [*_say(workload, cluster, value), *_weigh(workload, side, value)]
        lines += dict.fromkeys(commands)  # workloads that share a source say it once
    return tuple(lines)


def _say(workload: Workload, cluster: str, value: int) -> Iterator[str]:
    """The commands that let what Argo CD renders from say *value*: before the objects, else it puts them back."""
    block = workload.argocd.on(cluster) if workload.argocd else None
    if block is None:
        return
    command = f"kubectl -n {shlex.quote(block.namespace)}"
    place = f"in {block.hub.name}" if block.hub else ""
    if block.secret:
        named, key = shlex.quote(block.secret.name), shlex.quote(block.secret.key)
        yield f"{command} annotate --overwrite secret {named} {key}={value}{place and f'  # {place}'}"
    if block.parameter:
        named = shlex.quote(block.parameter.application)
        what = f"parameter {block.parameter.name}: {value}"
        yield f"{command} edit application {named}  # {' '.join(filter(None, (what, place)))}"


def _weigh(workload: Workload, side: Side, value: int) -> Iterator[str]:
    """The commands that give *workload* the weight *value* by hand, one an object."""
    if workload.alb is not None:
        group = workload.alb.group(side).split("/")[1]
        yield f"# {workload.host} in the rule {workload.alb.rule}: set the weight of {group} to {value}"
        return
    if workload.identifiers is not None:  # no ExternalDNS keeps its records
        yield f"# {workload.host} in Route 53: set the weight of {workload.identifiers.of(side)} to {value}"
        return
    for source in workload.sources:
        command, named = f"kubectl -n {shlex.quote(source.namespace)}", shlex.quote(source.name)
        kind = source.kind.value.lower()
        if source.kind is SourceKind.DNS_ENDPOINT:
            yield f"{command} edit {kind} {named}  # {workload.host}: {WEIGHT_PROPERTY} {value} in each of its entries"
        else:
            yield f"{command} annotate --overwrite {kind} {named} {ALPHA_PREFIX}{WEIGHT_KEY}={value}"


def _first(lines: Sequence[str]) -> str:
    return lines[0].rstrip(".") if lines else ""


# --- Numbers and times -----------------------------------------------------------------------------------------------


def share(percent: float | None) -> str:
    """A share with one decimal."""
    return NOT_MEASURED if percent is None else f"{percent:.1f}\u00a0%"


def rate(percent: float | None) -> str:
    """A rate of failures: two decimals, and never 0 when it is not."""
    if percent is None:
        return NOT_MEASURED
    return "<\u00a00.01\u00a0%" if 0 < percent < 0.01 else f"{percent:.2f}\u00a0%"  # noqa: PLR2004 - as the text says


def count(number: int | None) -> str:
    """A count with thousands separated."""
    return NOT_MEASURED if number is None else f"{number:,}"


def figure(value: float) -> str:
    """A number of unknown kind: whole ones with thousands separated, others with what matters of them."""
    if abs(value) < _HUGE and value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if _TINY <= abs(value) < _HUGE else f"{value:.2g}"


def weight(value: int | None) -> str:
    """A weight; a dash where there is none."""
    return "\u2013" if value is None else str(value)


def clock(at: datetime) -> str:
    """A time of day, UTC."""
    return f"{at:%H:%M:%S}"


def day(at: datetime) -> str:
    """A day."""
    return f"{at.day} {at:%B %Y}"


def moment(at: datetime) -> str:
    """A day and a time, UTC."""
    return f"{day(at)}, {at:%H:%M} UTC"


def span(duration: timedelta) -> str:
    """A duration in its two largest units."""
    left = abs(round(duration.total_seconds()))
    sign = "\u2212" if duration < timedelta(0) and left else ""
    parts = []
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, seconds)
        if amount:
            parts.append(f"{amount}\u00a0{unit}")
    return sign + " ".join(parts[:2]) if parts else "0\u00a0s"
