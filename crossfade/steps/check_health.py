"""Check health: read the evidence and the signals, and decide whether to wait, go on or roll back."""

from crossfade.core.migration import Action, Decision, Record, decide
from crossfade.core.verdict import judge
from crossfade.names import TimelineEvent
from crossfade.ports import AlarmSource, Ledger
from crossfade.steps.common import current, note
from crossfade.steps.tasks import HealthTask


def check_health(ledger: Ledger, alarms: AlarmSource, task: HealthTask) -> Decision:
    """
    Decide from what CloudWatch says now and what people have signalled.

    Raises:
        AlarmsUnavailableError: CloudWatch did not answer; without evidence nothing goes on.
        SupersededError: This run may not act any more.
    """
    record = current(ledger, task)
    asked = record.plan.alarms
    verdict = judge(asked, alarms.read(asked))
    signals = ledger.signals(task.migration)
    decision = decide(record=record, now=task.now, verdict=verdict, signals=signals, soaking=task.soaking)
    if decision.action is Action.ADVANCE:
        _advance(ledger, record, task, decision)
    return decision


def _advance(ledger: Ledger, record: Record, task: HealthTask, decision: Decision) -> None:
    if task.soaking:
        note(ledger, record, task.now, TimelineEvent.SOAK_PASSED, f"the soak is over: {decision.reason}")
        return
    text = f"stage {task.stage + 1} passed: {decision.reason}"
    note(ledger, record, task.now, TimelineEvent.STAGE_PASSED, text, stage=task.stage)
    if task.stage == len(record.plan.stages) - 1 and record.soak_began is None:
        record = ledger.save(record.with_(soak_began=task.now))
        note(ledger, record, task.now, TimelineEvent.SOAK_BEGAN, "all traffic is on green; the soak begins")
