"""One migration in the embedded world: watched while it runs, judged at its end by what the world says itself."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from crossfade.cli.approving import LOOKS_IN, Approver
from crossfade.cli.embedded import Embedded
from crossfade.cli.frame import Frame, HostRow, Line, rough_length
from crossfade.cli.lines import lines_of
from crossfade.cli.starting import NAME, Begun, Way, begin
from crossfade.cli.summary import Summary
from crossfade.cli.view import View
from crossfade.core.declaration import declarations
from crossfade.core.plan import Gate, Plan
from crossfade.core.record import Outcome, Record
from crossfade.core.verdict import in_order_of_gravity
from crossfade.core.waves import first_stages
from crossfade.names import Function
from world.clients import Counts
from world.estate_view import HostView, Snapshot
from world.step_functions import Execution

_READ_EVERY: Final = 8
"""Looks at health that change nothing, between two readings of the timeline: reading it is slow."""
_FRAME: Final = timedelta(seconds=60)
_GUARDED: Final = timedelta(minutes=15)
"""How long the guardian has to restore what an execution left behind that was ended from outside."""
_REPAIRED: Final = timedelta(hours=1)
"""How long the guardian has to repair the records of what a switch has taken out."""
_NOTICED: Final = timedelta(minutes=1)
"""A pipeline asks for the state of its execution at least that often."""
_OFF_BEAT: Final = timedelta(seconds=10)
"""A person looks in between two looks of the machine, so that what follows stands after their word."""
_OWN_ENDS: Final = frozenset({"SUCCEEDED", "FAILED"})
_RESTORED: Final = frozenset({Outcome.ROLLED_BACK, Outcome.PARTLY_ROLLED_BACK, Outcome.REFUSED})
_DOING: Final[Mapping[str, str]] = {
    Function.RESOLVE_PLAN: "resolving the plan",
    Function.TAKE_LEASE: "taking the lease",
    Function.PREFLIGHT: "checking everything before the first write",
    Function.RECORD_BASELINE: "recording the baseline",
    Function.SHIFT_TRAFFIC: "shifting traffic",
    Function.CHECK_HEALTH: "baking",
    Function.LATCH_ALARM: "an alarm fires",
    Function.COMPLETE: "making green permanent",
    Function.ROLL_BACK: "giving traffic back to blue",
    Function.CONFIRM_ROLLBACK: "confirming the rollback",
    Function.GUARDIAN: "the guardian gives traffic back to blue",
}


class Demo:
    """
    One migration in the embedded world.

    Args:
        world: Built and deployed.
        plan: What will be run, for the picture.
        view: Where frames go.
        fault: In the user's words.
        way: Who or what starts it.
        approver: Who lets gates open; without one nobody does.

    Attributes:
        migration: Its name, once it has been started.
    """

    def __init__(
        self,
        world: Embedded,
        plan: Plan,
        view: View,
        *,
        fault: str,
        way: Way = Way.CONSOLE,
        approver: Approver | None = None,
    ) -> None:
        self.migration = NAME
        self._world = world
        self._plan = plan
        self._view = view
        self._fault = fault
        self._way = way
        self._approver = approver
        self._opening: tuple[Line, ...] = ()
        self._closing: tuple[Line, ...] = ()
        self._began = world.clock.now
        self._before = world.estate.snapshot().requests
        self._stage = -1
        self._doing = ""
        self._reason = ""
        self._rolling_back = False
        self._is_guarded = False
        self._is_restored = False
        self._is_stale = True
        self._looks = 0
        self._lines: tuple[Line, ...] = ()

    def run(self, given: Mapping[str, Any]) -> Summary:
        """Run it to its end and judge what the world says against what the product said."""
        world = self._world
        world.cloud.on_invoke(self._note)
        ticking = world.clock.every(_FRAME, self._show, first=timedelta(seconds=1))
        begun = self._begin(given)
        gated = any(stage.gate is Gate.APPROVAL for stage in self._plan.stages)
        looking_in = (
            world.clock.every(LOOKS_IN, self._look_in, first=LOOKS_IN + _OFF_BEAT) if gated and self._approver else None
        )
        execution = world.cloud.wait(begun.arn)
        if looking_in:
            looking_in.cancel()
        if execution.status not in _OWN_ENDS:
            world.clock.run_until(world.clock.now + _GUARDED, stop=lambda: self._is_guarded)
        elif self._is_switched():  # users are on blue, but nothing is over before the records say so, too
            world.clock.run_until(world.clock.now + _REPAIRED, stop=lambda: self._is_restored)
        ticking.cancel()
        if self._way is Way.PIPELINE:
            self._end_stage(begun)
        self._show()
        return self._summary(execution)

    def _look_in(self) -> None:
        if self._approver and self._approver.look(self.migration):
            self._is_stale = True

    def _begin(self, given: Mapping[str, Any]) -> Begun:
        begun = begin(self._world, self._way, given)
        self.migration = begun.migration
        if begun.words:
            self._opening = (Line(self._world.clock.now, "started", f"{begun.words}, as {begun.migration}"),)
        return begun

    def _end_stage(self, begun: Begun) -> None:
        """Wait for the pipeline to notice how it ended, and write that down."""
        clock = self._world.clock
        clock.run_until(clock.now + _NOTICED, stop=lambda: bool(begun.stage))
        (stage,) = begun.stage
        words = "passed and hands on the output of the migration" if stage.passed else f"failed with {stage.error}"
        self._closing = (Line(clock.now, "pipeline_stage_ended", f"the pipeline's stage has {words}"),)

    def _is_switched(self) -> bool:
        record = self._world.ledger.load(self.migration)
        return record is not None and bool(record.switched)

    def _note(self, function: str, payload: Any, result: Any) -> None:
        if function == Function.GUARDIAN:
            self._note_guardian(result)
            return
        self._doing = _DOING.get(function, function)
        if function == Function.SHIFT_TRAFFIC:
            self._stage = payload["stage"]
        if function == Function.CHECK_HEALTH and payload.get("soaking"):
            self._doing = "soaking: all traffic is on green"
        self._rolling_back |= function == Function.ROLL_BACK
        reason = result["reason"] if _is_answer(result) else ""
        self._looks += 1
        is_waiting = function == Function.CHECK_HEALTH and result["action"] == "wait" if _is_answer(result) else False
        self._is_stale |= not is_waiting or self._looks % _READ_EVERY == 0
        self._reason = reason

    def _note_guardian(self, result: Any) -> None:
        if not isinstance(result, dict) or "done" not in result:
            return  # it looked and had nothing to do
        self._doing = _DOING[Function.GUARDIAN]
        self._reason = result["done"].get(self.migration, "")
        self._rolling_back = self._is_stale = True
        record = self._world.ledger.load(self.migration)
        self._is_guarded = record is not None and record.outcome is not None
        self._is_restored = record is not None and record.outcome in _RESTORED

    def _show(self) -> None:
        if self._view.is_seen:
            self._view.show(self._frame())

    def _frame(self) -> Frame:
        now, snapshot = self._world.clock.now, self._world.estate.snapshot()
        elapsed = now - self._began
        return Frame(
            now=now,
            elapsed=elapsed,
            title=f"{self._plan.blue.name} → {self._plan.green.name}",
            doing=self._doing or "starting",
            next_event=self._reason,
            stages=tuple(stage.share_percent for stage in self._plan.stages),
            stage=self._stage,
            progress=elapsed / rough_length(self._plan),
            rolling_back=self._rolling_back,
            hosts=tuple(_row(host) for host in snapshot.hosts),
            lines=self._timeline(),
            requests=snapshot.requests.total - self._before.total,
            failed=snapshot.requests.failed - self._before.failed,
            fault=self._fault,
            waves=first_stages(self._plan),
        )

    def _timeline(self) -> tuple[Line, ...]:
        """The lines so far, read again only when something may have been added."""
        if self._is_stale:
            self._lines, self._is_stale = lines_of(self._world.ledger.timeline(self.migration)), False
        return *self._opening, *self._lines, *self._closing

    def _summary(self, execution: Execution) -> Summary:
        snapshot = self._world.estate.snapshot()
        history = self._world.cloud.history(execution.arn)
        record = self._world.ledger.load(self.migration)
        outcome, reason = _outcome(execution, record)
        return Summary(
            outcome=outcome,
            reason=reason,
            weights={host.host: dict(host.weights) for host in snapshot.hosts},
            timeline=self._timeline(),
            requests=snapshot.requests.total - self._before.total,
            failed=snapshot.requests.failed - self._before.failed,
            status=execution.status,
            events=len(history.events),
            transitions=history.transitions,
            began=self._began,
            ended=self._world.clock.now,
            restored_after=_restored_after(execution, record),
            authority=_authority(self._plan),
            broken=(
                *broken_promises(outcome, snapshot, paged=self._paged()),
                *dict.fromkeys(self._world.cloud.permissions.denied),
            ),
            declare=declarations(record) if record else (),
        )

    def _paged(self) -> bool:
        return any("NEEDS YOU" in (message.subject or "") for message in self._world.cloud.messages)


def _authority(plan: Plan) -> str:
    """What users' requests go by, in words."""
    kinds = {workload.router.is_dns for workload in plan.workloads}
    return " and ".join("Route 53" if is_dns else "listener rules" for is_dns in sorted(kinds, reverse=True))


def _is_answer(result: Any) -> bool:
    return isinstance(result, dict) and "reason" in result


def broken_promises(outcome: Outcome, snapshot: Snapshot, *, paged: bool) -> tuple[str, ...]:
    """
    What the promise says of *outcome*, held against what Route 53 and the clusters say themselves.

    Args:
        outcome: As the machine claims.
        snapshot: Of the world, after the end.
        paged: Whether somebody was paged.
    """
    if outcome is Outcome.PARTLY_ROLLED_BACK:
        return _not_partly(snapshot)
    wanted = {
        Outcome.SUCCEEDED: (0, 100),
        Outcome.ROLLED_BACK: (100, 0),
        Outcome.REFUSED: (100, 0),
        Outcome.DUPLICATE: (100, 0),
        Outcome.DRY_RUN: (100, 0),
    }.get(outcome)
    if wanted is None:
        return () if paged else (f"the outcome is {outcome} and nobody was paged",)
    return tuple(
        f"{host.host} is at blue {host.weights['blue']} : green {host.weights['green']} after {outcome}"
        for host in snapshot.hosts
        if (host.weights["blue"], host.weights["green"]) != wanted
    )


def _not_partly(snapshot: Snapshot) -> tuple[str, ...]:
    """Where hosts are that are neither all on green nor as they were, and whether there are some of both."""
    sides = {host.host: (host.weights["blue"], host.weights["green"]) for host in snapshot.hosts}
    astray = tuple(
        f"{host} is at blue {blue} : green {green} after a partial rollback"
        for host, (blue, green) in sides.items()
        if (blue, green) not in {(0, 100), (100, 0)}
    )
    one_side = () if len(set(sides.values())) > 1 else ("a partial rollback left all hosts on one side",)
    return astray or one_side


def _outcome(execution: Execution, record: Record | None) -> tuple[Outcome, str]:
    """In the words of the execution; when it was ended from outside, in those of the ledger."""
    if execution.output is not None:
        return Outcome(execution.output["outcome"]), ""
    if execution.status not in _OWN_ENDS and record is not None and record.outcome is not None:
        return record.outcome, record.reason
    error = execution.error or ""
    if error in tuple(Outcome):
        return Outcome(error), execution.cause or ""
    return Outcome.ROLLBACK_UNCONFIRMED, f"the execution ended as {execution.status}: {execution.error}"


def _restored_after(execution: Execution, record: Record | None) -> timedelta | None:
    if execution.status in _OWN_ENDS or execution.stopped is None or record is None or record.ended is None:
        return None
    return record.ended - execution.stopped if record.outcome in _RESTORED else None


def _row(host: HostView) -> HostRow:
    green = host.last_minute.get("green", Counts())
    states = set(host.alarms.values())
    return HostRow(
        host=host.host,
        blue=host.weights["blue"],
        green=host.weights["green"],
        observed_percent=None if host.share is None else 100 * host.share,
        errors_percent=100 * green.failed / green.total if green.total else None,
        alarms=in_order_of_gravity(states)[0] if states else "",
    )
