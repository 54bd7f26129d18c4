"""A forecast is the run: the synthesised machine and the real steps against an authority that follows on time."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossfade.core.convergence import EXTERNAL_DNS_INTERVAL
from crossfade.core.forecast import Pace, forecast, give_back
from crossfade.core.plan import Gate, Plan, Stage
from crossfade.core.record import Record
from crossfade.core.traffic import Reading, Write
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import ALL_BLUE, encode
from crossfade.core.workload import Workload
from crossfade.names import Function, State
from crossfade.steps.check_health import check_health
from crossfade.steps.complete import complete
from crossfade.steps.confirm_rollback import confirm_rollback
from crossfade.steps.record_baseline import record_baseline
from crossfade.steps.roll_back import roll_back
from crossfade.steps.shift_traffic import shift_traffic
from crossfade.steps.take_lease import take_lease
from crossfade.steps.take_out import Ways
from crossfade.steps.tasks import EndTask, HealthTask, LeasedTask, StageTask, Task
from simulation.switches import KeptSwitch
from tests.fakes import FakeAlarms, FakeEstate, FakeMetrics, FakeProbe, InMemoryLedger, RecordingNotifier
from tests.fakes_traffic import InMemoryRescue, InMemoryRouter
from tests.steps.scene import a_plan
from world.clock import Clock
from world.cloud import Cloud

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]
_SEEN_AT_LOOK = 3  # no alarm is faster
NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class PunctualRouter(InMemoryRouter):
    """Its authority shows every weight *lag* after it was written; it keeps when each was written."""

    def __init__(self, workloads: Sequence[str], *, lag: timedelta) -> None:
        super().__init__(workloads)
        self._lag = lag
        self._due = NINE
        self.made: list[tuple[timedelta, Write]] = []

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        if datetime.now(UTC) >= self._due:
            self.propagate()
        return super().observe(workloads)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        super().write(workloads, writes, epoch=epoch)
        self._due = datetime.now(UTC) + self._lag
        self.made += [(datetime.now(UTC) - NINE, write) for write in writes]


class Steps:
    """The real steps as the handlers of the machine's functions, on fakes; at the third look *bad* alarms."""

    def __init__(self, plan: Plan, router: InMemoryRouter, *, bad: int | None = None) -> None:
        self._bad = bad
        self._looks = 0
        self._plan = plan
        self._router = router
        self._ledger = InMemoryLedger()
        self._alarms = FakeAlarms(plan.alarms)
        self._notifier = RecordingNotifier()
        self._metrics = FakeMetrics(self._share)
        self._steps: dict[Function, Callable[[Json], Any]] = {
            Function.RESOLVE_PLAN: self._open,
            Function.TAKE_LEASE: lambda event: take_lease(self._ledger, _task(Task, event)),
            Function.PREFLIGHT: lambda _: {},  # it changes nothing, so it is not in a forecast
            Function.RECORD_BASELINE: lambda e: record_baseline(self._ledger, router, _task(LeasedTask, e)),
            Function.SHIFT_TRAFFIC: self._shift,
            Function.CHECK_HEALTH: self._check,
            Function.COMPLETE: lambda e: complete(self._ledger, router, self._notifier, _task(LeasedTask, e)).to_json(),
            Function.ROLL_BACK: lambda e: roll_back(
                self._ledger, Ways(router, InMemoryRescue(router), KeptSwitch(), FakeMetrics()), _task(EndTask, e)
            ).to_json(),
            Function.CONFIRM_ROLLBACK: self._confirm,
        }

    def load(self, path: str) -> Callable[[Json, object], Any]:
        step = self._steps.get(Function(path.split(".")[1]))
        return lambda event, _context: step(event) if step else {}

    def _confirm(self, event: Json) -> Json:
        return confirm_rollback(self._ledger, self._router, self._notifier, _task(EndTask, event))

    def _shift(self, event: Json) -> Json:
        task, given = _task(StageTask, event), (self._ledger, self._router)
        return shift_traffic(*given, task, alarms=self._alarms, estate=FakeEstate()).to_json()

    def _check(self, event: Json) -> Json:
        self._looks += event["stage"] == self._bad
        if self._looks == _SEEN_AT_LOOK:
            self._alarms.set(self._plan.alarms[0], AlarmState.ALARM)
        task = _task(HealthTask, event)
        given = (self._ledger, self._alarms, self._metrics, self._notifier, task)
        return check_health(*given, probe=FakeProbe(), authority=InMemoryRescue(self._router)).to_log()

    def _share(self, workload: str) -> float:
        found = {reading.workload: reading.split for reading in self._router.observe(self._plan.workloads)}
        split = found[workload]
        return split.green_part if split else 0

    def _open(self, event: Json) -> Json:
        self._ledger.open(
            Record(
                migration=event["migration"], execution=event["execution"], plan=self._plan, started=event["started"]
            )
        )
        return {"plan": "standard", "stages": len(self._plan.stages), "workloads": 2, "dry_run": False, "summary": ""}


def _task(kind: type[Any], event: Json) -> Any:
    return kind.model_validate({key: value for key, value in event.items() if key in kind.model_fields})


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Clock(NINE) as clock, Cloud(clock) as cloud:
        yield cloud


@pytest.mark.parametrize("phase", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("shares", [(1, 5, 25, 50, 100), (10, 20, 50, 90, 100), (30, 99, 100), (100,)], ids=str)
def test_a_run_does_what_its_forecast_says_when_it_says_so(
    cloud: Cloud, main_template: Json, shares: tuple[float, ...], phase: float
) -> None:
    plan = _plan(shares)
    router = PunctualRouter([workload.name for workload in plan.workloads], lag=EXTERNAL_DNS_INTERVAL * phase)
    cloud.deploy(main_template, Steps(plan, router).load)

    execution = cloud.run("tonight")
    history = cloud.history(execution.arn)

    expected = forecast(plan, Pace(phase=phase, call=timedelta()), before=ALL_BLUE)
    assert execution.status == "SUCCEEDED"
    assert history.states == list(expected.states)
    assert execution.seconds == expected.ended.total_seconds()
    assert history.transitions == expected.transitions
    assert len(history.events) == expected.events
    assert [(at, write.side, write.weight) for at, write in router.made if write.workload == "burnham"] == [
        (change.written, change.side, change.weight) for change in expected.changes
    ]


@pytest.mark.parametrize("phase", [0.2, 0.5, 1.0])
@pytest.mark.parametrize(
    ("shares", "bad"),
    [((1, 5, 25, 50, 100), 0), ((1, 5, 25, 50, 100), 3), ((10, 20, 50, 90, 100), 2), ((30, 99, 100), 1), ((100,), 0)],
    ids=str,
)
def test_a_rollback_does_what_its_forecast_says_when_it_says_so(
    cloud: Cloud, main_template: Json, shares: tuple[float, ...], bad: int, phase: float
) -> None:
    plan = _plan(shares)
    router = PunctualRouter([workload.name for workload in plan.workloads], lag=EXTERNAL_DNS_INTERVAL * phase)
    cloud.deploy(main_template, Steps(plan, router, bad=bad).load)

    execution = cloud.run("tonight")
    entered = {visit.state: visit.at for visit in reversed(cloud.history(execution.arn).visits)}

    decided = entered[State.ROLL_BACK] - NINE
    expected = give_back(plan, Pace(phase=phase, call=timedelta()), at=[plan.stages[bad].split], before=ALL_BLUE)
    assert execution.error == "RolledBack"
    assert [
        (at - decided, write.side, write.weight)
        for at, write in router.made
        if write.workload == "burnham" and at >= decided
    ] == [(change.written, change.side, change.weight) for change in expected.changes]
    assert entered[State.CONFIRM_ROLLBACK] - NINE - decided == expected.arrived


def _plan(shares: tuple[float, ...]) -> Plan:
    stages = tuple(
        Stage(share_percent=share, blue=split.blue, green=split.green, bake=timedelta(seconds=200), gate=Gate.NONE)
        for share, split in zip(shares, encode(shares), strict=True)
    )
    return a_plan().model_copy(update={"stages": stages, "soak": timedelta(seconds=100)})
