"""Check health: read the evidence and the signals, and decide whether to wait, go on or roll back."""

from collections.abc import Callable, Mapping, Sequence

from crossfade.core.assessment import Assessment, Seen, assess
from crossfade.core.charge import charged, residual
from crossfade.core.drift import drift
from crossfade.core.fleet import by_policy, going_on, left_out, on_green, read_back
from crossfade.core.latch import Latch, latched_since
from crossfade.core.migration import Action, Decision, decide, held_back
from crossfade.core.notice import Notice
from crossfade.core.probe import Answer, Answers, Heard, Probed, examine
from crossfade.core.record import Record
from crossfade.core.series import LOOK_BACK, PUBLISHED, Series
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Alarm, Cause, Health, Verdict
from crossfade.core.weight import Side, Split
from crossfade.core.workload import Workload
from crossfade.errors import CrossfadeError
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Ledger, MetricSource, Notifier, Probe, TrafficRouter
from crossfade.steps.common import charge_data, note, unended
from crossfade.steps.read_alarms import doubts, read_alarms
from crossfade.steps.tasks import HealthTask
from crossfade.steps.waiting import tell_waiting
from crossfade.steps.watch_blue import watch_blue

Show = Callable[[Record, Assessment, Mapping[str, Split]], None]


def check_health(
    ledger: Ledger,
    alarms: AlarmSource,
    metrics: MetricSource,
    notifier: Notifier,
    task: HealthTask,
    *,
    probe: Probe,
    authority: TrafficRouter,
    show: Show = lambda _record, _found, _left: None,
) -> Decision:
    """
    Decide from what CloudWatch, the load balancers and the authority say now and what people have signalled.

    Args:
        authority: Observes what users get without asking a cluster.
        show: Given the record, what was found, and the weights last read back, for people to see.

    Raises:
        AlarmsUnavailableError: CloudWatch did not answer for the alarms; without evidence nothing goes on.
        AlarmsRefusedError: The alarms may not be read.
        SupersededError: This run may not act any more.
    """
    ledger.listen(task.migration, now=task.now)  # before anything is read: who rings after that is heard
    brief = ledger.brief(task.migration)
    record, signals = unended(task, brief.record), brief.signals
    workloads = on_green(record)
    record, spoken = read_alarms(ledger, alarms, notifier, record, workloads=workloads, signals=signals, now=task.now)
    series = _series(metrics, record, task)
    drifted = _drifted(authority, record, series)
    found = _look(spoken, series, probe, record, task, drifted=drifted, latches=brief.latches)
    show(record, found, read_back(record))
    record = _note_change(ledger, notifier, record, task, found)
    decision = decide(record=record, now=task.now, verdict=found.verdict, signals=signals, soaking=task.soaking)
    decision = by_policy(record, decision, found.blamed, task.now)
    decision = going_on(record, decision, found.verdict, signals, task.now)
    record = watch_blue(ledger, notifier, record, series, signals, now=task.now)
    decision = held_back(record, decision, now=task.now, soaking=task.soaking)
    record = _charge(ledger, record, task, series, decision.action)
    if decision.action is Action.ADVANCE:
        _advance(ledger, record, task, decision, found)
    elif decision.left_out or decision.action is Action.ROLL_BACK:
        _leave_out(ledger, record, task, decision, found)
    else:
        healthy = found.verdict.health is Health.HEALTHY
        tell_waiting(ledger, notifier, record, signals, now=task.now, healthy=healthy)
    return decision


def _leave_out(ledger: Ledger, record: Record, task: HealthTask, decision: Decision, found: Assessment) -> None:
    """Write down who is given back, or that all are that are not complete."""
    data = {"stage": task.stage, **found.to_data(), **charge_data(record)}
    if decision.action is Action.GIVE_BACK:
        record = ledger.save(left_out(record, decision.left_out, task.now))
        data["workloads"] = list(record.returning)
    elif decision.left_out:
        record = ledger.save(record.with_(left_out=decision.left_out))
    note(ledger, record, task.now, TimelineEvent.ROLLBACK_DECIDED, decision.reason, **data)


def _look(
    alarms: Mapping[str, Alarm],
    series: Mapping[str, Series],
    probe: Probe,
    record: Record,
    task: HealthTask,
    *,
    drifted: Verdict | None,
    latches: Sequence[Latch],
) -> Assessment:
    """All evidence of now. Before the bake there are no good signs yet, only bad ones."""
    plan, earliest = record.plan, task.now - LOOK_BACK
    began = max(record.stage_began or task.now, earliest)
    moved = record.bake_began - plan.convergence.margin if record.bake_began else task.now
    workloads = on_green(record)
    seen = Seen(
        alarms=alarms,
        series=series,
        latched=latched_since(latches, began),
        doubts=doubts(record, workloads, alarms, series),
        probed=_probed(probe, record, workloads, task),
        drifted=drifted,
    )
    moved = max(moved, earliest)
    return assess(plan, seen, stage=record.stage, began=began, moved=moved, now=task.now, workloads=workloads)


def _drifted(authority: TrafficRouter, record: Record, series: Mapping[str, Series]) -> Verdict | None:
    """
    Whether weights are still as they were read back; not to know that is no good sign.

    What the look-up of the load balancers has shown already is not asked for again.
    """
    if not (left := read_back(record)):
        return None
    seen = [_reading(name, each.shown) for name, each in series.items() if each.shown]
    rest = [workload for workload in record.workloads if workload.name in left and not series[workload.name].shown]
    try:
        return drift(left, [*seen, *(authority.observe(rest) if rest else ())])
    except CrossfadeError as error:
        return Verdict(Health.INCONCLUSIVE, f"the weights cannot be read: {error}", Cause.UNREADABLE)


def _reading(workload: str, shown: tuple[int | None, int | None]) -> Reading:
    blue, green = shown
    return Reading(workload, SideReading(None, blue), SideReading(None, green))


def _probed(probe: Probe, record: Record, workloads: Sequence[Workload], task: HealthTask) -> tuple[Probed, ...]:
    """What came of asking green; when nobody could be asked that is no error, but no evidence either."""
    asked = [workload for workload in workloads if workload.probe]
    if not asked:
        return ()
    answers: Mapping[str, Answers]
    try:
        answers = probe.ask(asked)
    except CrossfadeError as error:
        unasked = Answer(Heard.UNREACHABLE, detail=str(error))
        answers = {workload.name: dict.fromkeys(Side, unasked) for workload in asked}
    return examine(asked, answers, record.failing, task.now)


def _series(metrics: MetricSource, record: Record, task: HealthTask) -> Mapping[str, Series]:
    """The series of this stage and of what is not charged yet; unreadable ones are no error, but no evidence either."""
    workloads, began = record.workloads, record.stage_began or task.now
    since = min(began, record.charge.until) if record.charge else began
    try:
        return metrics.read(workloads, since=max(since, task.now - LOOK_BACK), until=task.now)
    except CrossfadeError as error:
        return {workload.name: Series(workload.name, unreadable=str(error)) for workload in workloads}


def _note_change(ledger: Ledger, notifier: Notifier, record: Record, task: HealthTask, found: Assessment) -> Record:
    """Write down what verdicts rest on whenever that changes, and page once a stage when both sides are sick."""
    cause = found.verdict.cause
    failing = tuple(each.failing for each in found.probed if each.failing)
    if record.failing != failing:
        record = ledger.save(record.with_(failing=failing))
    if record.cause is cause:
        return record
    data = {"stage": task.stage, **found.to_data()}
    note(ledger, record, task.now, TimelineEvent.VERDICT_CHANGED, found.verdict.reason, **data)
    is_news = cause is Cause.COMMON_CAUSE and record.paged != task.stage
    if is_news:
        notifier.tell(_page(record, found.verdict.reason))
    paged = task.stage if is_news else record.paged
    return ledger.save(record.with_(cause=cause, cause_since=task.now, paged=paged))


def _charge(ledger: Ledger, record: Record, task: HealthTask, series: Mapping[str, Series], action: Action) -> Record:
    """Charge what is complete by now; at the end of the soak, note what blue still has."""
    since, now = record.stage_began or task.now, task.now
    charge = charged(record.charge, series.values(), since=since, until=now - PUBLISHED)
    if task.soaking and action is Action.ADVANCE:
        moved = record.bake_began or now
        gone = [each for name, each in series.items() if name not in record.left_out]
        return ledger.save(record.with_(charge=charge, residual=residual(gone, since=moved, now=now)))
    if charge.is_due(record.charge) or (action is not Action.WAIT and charge != record.charge):
        return ledger.save(record.with_(charge=charge))
    return record


def _page(record: Record, reason: str) -> Notice:
    title = f"Crossfade NEEDS YOU: blue and green are both sick: {record.migration}"
    minutes = record.plan.timing.patience.total_seconds() / 60
    text = (
        f"{reason}. The migration is frozen at its present share. "
        f"If this does not get better within {minutes:g} minutes, all traffic is given back to blue"
    )
    steps = (
        f'Keep it where it is: crossfade hold {record.migration} --for 1h --reason "..."',
        f'Give all traffic back now: crossfade abort {record.migration} --reason "..."',
    )
    return Notice(record.migration, title[:100], text, page=True, next_steps=steps)


def _advance(ledger: Ledger, record: Record, task: HealthTask, decision: Decision, found: Assessment) -> None:
    data = {**found.to_data(), **charge_data(record)}
    if task.soaking:
        rest = f"; {record.residual.words}" if record.residual else ""
        note(ledger, record, task.now, TimelineEvent.SOAK_PASSED, f"the soak is over: {decision.reason}{rest}", **data)
        return
    text = f"stage {task.stage + 1} passed: {decision.reason}"
    note(ledger, record, task.now, TimelineEvent.STAGE_PASSED, text, stage=task.stage, **data)
    if decision.next_stage == len(record.plan.stages) and record.soak_began is None:
        record = ledger.save(record.with_(soak_began=task.now))
        what = f"all traffic{_but(record)} is on green; the soak begins"
        note(ledger, record, task.now, TimelineEvent.SOAK_BEGAN, what)


def _but(record: Record) -> str:
    return f" but that of {', '.join(record.left_out)}" if record.left_out else ""
