"""One migration of two workloads, up to where a test wants it, on the fakes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crossfade.core.migration import Decision
from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Plan, Stage
from crossfade.core.record import Record
from crossfade.core.weight import Side, encode
from crossfade.core.workload import ProbeRequest, Router, Workload
from crossfade.steps.check_health import check_health
from crossfade.steps.complete import complete
from crossfade.steps.confirm_rollback import confirm_rollback
from crossfade.steps.preflight import preflight
from crossfade.steps.record_baseline import record_baseline
from crossfade.steps.roll_back import give_some_back, roll_back
from crossfade.steps.shift_traffic import shift_traffic
from crossfade.steps.take_lease import take_lease
from crossfade.steps.take_out import Ways
from crossfade.steps.tasks import EndTask, HealthTask, LeasedTask, Progress, StageTask, Task
from simulation.switches import KeptSwitch
from simulation.weights import KeptWeights
from tests.fakes import FakeAlarms, FakeEstate, FakeMetrics, FakeProbe, InMemoryLedger, RecordingNotifier
from tests.fakes_traffic import InMemoryRescue, InMemoryRouter

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:Crossfade:tonight"
NAMES = ("burnham", "yelb")


def a_plan(*, shares: tuple[float, ...] = (5, 50, 100), dry_run: bool = False) -> Plan:
    stages = tuple(
        Stage(share_percent=share, blue=split.blue, green=split.green, bake=timedelta(minutes=5))
        for share, split in zip(shares, encode(shares), strict=True)
    )
    return Plan(
        name="standard",
        blue=Cluster(name="eks-blueprint-blue", region="eu-west-1"),
        green=Cluster(name="eks-blueprint-green", region="eu-west-1"),
        zone=HostedZone(id="Z0123456789ABCDEFGHIJ", name="eks-blueprint.example.com"),
        workloads=tuple(
            Workload(
                name=name,
                namespace=f"team-{name}",
                ingress=f"{name}-ingress",
                host=f"{name}.eks-blueprint.example.com",
                router=Router.EXTERNAL_DNS,
                alarms=(f"green-{name}-5xx",),
            )
            for name in NAMES
        ),
        stages=stages,
        soak=timedelta(minutes=10),
        dry_run=dry_run,
    )


def probed(plan: Plan) -> Plan:
    """*plan*, with a probe for its first workload."""
    first, *others = plan.workloads
    return plan.model_copy(update={"workloads": (first.model_copy(update={"probe": ProbeRequest()}), *others)})


@dataclass
class Scene:
    """The fakes, a clock, and the steps called as the machine calls them."""

    plan: Plan = field(default_factory=a_plan)
    ledger: InMemoryLedger = field(default_factory=InMemoryLedger)
    router: InMemoryRouter = field(default_factory=lambda: InMemoryRouter(NAMES))
    rescue: InMemoryRescue = field(init=False)
    alarms: FakeAlarms = field(default_factory=lambda: FakeAlarms([f"green-{name}-5xx" for name in NAMES]))
    estate: FakeEstate = field(default_factory=FakeEstate)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    probe: FakeProbe = field(default_factory=FakeProbe)
    notifier: RecordingNotifier = field(default_factory=RecordingNotifier)
    weights: KeptWeights = field(default_factory=KeptWeights)
    switch: KeptSwitch = field(default_factory=KeptSwitch)
    migration: str = "tonight"
    execution: str = EXECUTION
    now: datetime = T0
    epoch: int = 0

    def __post_init__(self) -> None:
        self.metrics.share = self._shown_share
        self.rescue = InMemoryRescue(self.router)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def ways(self) -> Ways:
        """All rungs of the way back."""
        return Ways(self.router, self.rescue, self.switch, self.metrics)

    @property
    def record(self) -> Record:
        record = self.ledger.load(self.migration)
        assert record is not None
        return record

    def splits(self) -> set[str]:
        """What the authority shows, each different answer once."""
        return {str(reading.split) for reading in self.router.observe(self.plan.workloads)}

    # The tasks, in the machine's order.

    def opened(self) -> "Scene":
        self.ledger.open(Record(migration=self.migration, execution=self.execution, plan=self.plan, started=self.now))
        return self

    def leased(self) -> "Scene":
        self.opened()
        self.epoch = take_lease(self.ledger, self._task(Task))["epoch"]
        return self

    def ready(self) -> "Scene":
        self.leased()
        self.preflight()
        self.record_baseline()
        return self

    def preflight(self) -> dict[str, object]:
        given = (self.ledger, self.router, self.rescue, self.alarms, self.estate)
        return preflight(*given, probe=self.probe, task=self._leased())

    def record_baseline(self) -> dict[str, object]:
        return record_baseline(self.ledger, self.router, self._leased())

    def shift(self, stage: int) -> Progress:
        task = StageTask(
            migration=self.migration, execution=self.execution, now=self.now, epoch=self.epoch, stage=stage
        )
        return shift_traffic(self.ledger, self.router, task, alarms=self.alarms, estate=self.estate)

    def moved(self, stage: int) -> "Scene":
        """Shift until the stage has arrived, with an authority that follows every minute."""
        for _ in range(20):
            if self.shift(stage).arrived:
                return self
            self.pass_time(60)
            self.router.propagate()
        raise AssertionError(self.shift(stage).reason)

    def moved_through(self, stages: int) -> "Scene":
        for stage in range(stages):
            self.moved(stage)
            self.pass_time(600)
        return self

    def check(self, stage: int, *, soaking: bool = False) -> Decision:
        task = HealthTask(
            migration=self.migration,
            execution=self.execution,
            now=self.now,
            epoch=self.epoch,
            stage=stage,
            soaking=soaking,
        )
        given = (self.ledger, self.alarms, self.metrics, self.notifier)
        return check_health(*given, task, probe=self.probe, authority=self.rescue)

    def looks(self, stage: int, times: int) -> list[str]:
        """What is decided in so many looks, every half a minute."""
        actions = []
        for _ in range(times):
            actions.append(self.check(stage).action.value)
            self.pass_time(30)
        return actions

    def complete(self) -> Progress:
        return complete(self.ledger, self.router, self.notifier, self._leased())

    def roll_back(self, reason: str = "green-burnham-5xx is in ALARM") -> Progress:
        return roll_back(self.ledger, self.ways, self._end(reason))

    def gave_back(self) -> "Scene":
        """Give back what was left out until it is read back, with an authority that follows every minute."""
        for _ in range(20):
            progress = self.give_some_back()
            self.epoch = progress.epoch or self.epoch
            if progress.arrived:
                return self
            self.pass_time(60)
            self.router.propagate()
        raise AssertionError(self.give_some_back().reason)

    def give_some_back(self) -> Progress:
        task = self._end("green-yelb-5xx is in ALARM")
        return give_some_back(self.ledger, self.ways, task)

    def rolled_back(self) -> "Scene":
        for _ in range(20):
            if self.roll_back().arrived:
                return self
            self.pass_time(60)
            self.router.propagate()
        raise AssertionError(self.roll_back().reason)

    def confirm(self, reason: str = "green-burnham-5xx is in ALARM") -> dict[str, object]:
        return confirm_rollback(self.ledger, self.router, self.notifier, self._end(reason))

    def written(self, side: Side | None = None) -> list[tuple[str, str, int]]:
        return [(w.workload, w.side.value, w.weight) for w in self.router.written if side in (None, w.side)]

    def happened(self) -> list[str]:
        return [event.what for event in self.ledger.timeline(self.migration)]

    def _shown_share(self, workload: str) -> float:
        """Users follow the authority at once."""
        found = {reading.workload: reading.split for reading in self.router.observe(self.plan.workloads)}
        split = found[workload]
        return split.green_part if split else 0.0

    def _task(self, kind: type[Task]) -> Task:
        return kind(migration=self.migration, execution=self.execution, now=self.now)

    def _leased(self) -> LeasedTask:
        return LeasedTask(migration=self.migration, execution=self.execution, now=self.now, epoch=self.epoch)

    def _end(self, reason: str) -> EndTask:
        return EndTask(migration=self.migration, execution=self.execution, now=self.now, reason=reason)
