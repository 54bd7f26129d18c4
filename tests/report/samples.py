"""Two realistic migrations for the tests of the report, and small variations of them.

A tiny model of traffic, not the product's: users follow the weights with a lag of about a minute, and a sick green
answers a part of its requests with 5xx. Everything is computed from fixed seeds.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Gate, Plan, Stage
from crossfade.core.record import Baseline, Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.timeline import Event
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.weight import Split, encode
from crossfade.core.workload import Router, Workload
from crossfade.names import TimelineEvent
from crossfade.report import Environment, History, Minute, Report, Series, build

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
NAMES = ("burnham", "geordie", "riker", "yelb", "skiapp")
RATES = {"burnham": 5200, "geordie": 2100, "riker": 860, "yelb": 310, "skiapp": 74}
"""Requests a minute."""

SHARES = (1.0, 5.0, 25.0, 50.0, 100.0)
LAG_SECONDS = 70.0


def seconds(amount: float) -> timedelta:
    return timedelta(seconds=amount)


def a_plan(names: Sequence[str] = NAMES, shares: Sequence[float] = SHARES) -> Plan:
    stages = tuple(
        Stage(
            share_percent=share,
            blue=split.blue,
            green=split.green,
            bake=timedelta(minutes=10),
            gate=Gate.APPROVAL if index == 1 else Gate.NONE,
        )
        for index, (share, split) in enumerate(zip(shares, encode(shares), strict=True))
    )
    return Plan(
        name="standard",
        blue=Cluster(name="eks-blueprint-blue", region="eu-west-1"),
        green=Cluster(name="eks-blueprint-green", region="eu-west-1"),
        zone=HostedZone(id="Z0123456789ABCDEFGHIJ", name="eks-blueprint.example.com"),
        workloads=tuple(a_workload(name) for name in names),
        stages=stages,
        soak=timedelta(minutes=15),
    )


def a_workload(name: str) -> Workload:
    return Workload(
        name=name,
        namespace=f"team-{name}",
        ingress=f"{name}-ingress",
        host=f"{name}.eks-blueprint.example.com",
        router=Router.EXTERNAL_DNS,
        alarms=(f"green-{name}-5xx", f"green-{name}-unhealthy-hosts"),
    )


@dataclass
class Story:
    """A migration told step by step: what the ledger would hold at each point."""

    plan: Plan = field(default_factory=a_plan)
    now: datetime = T0
    events: list[Event] = field(default_factory=list)
    splits: dict[str, list[tuple[datetime, Split]]] = field(default_factory=dict)
    weights: Split = field(default_factory=lambda: Split(100, 0))
    rollback_began: datetime | None = None
    soak_began: datetime | None = None
    stage: int = -1
    reason: str = ""
    sick: tuple[str, datetime, float] | None = None

    def __post_init__(self) -> None:
        self.splits = {workload.name: [(T0, self.weights)] for workload in self.plan.workloads}

    def note(self, what: TimelineEvent, text: str, **data: object) -> None:
        self.events.append(Event(at=self.now, what=what.value, text=text, data=data))

    def start(self) -> "Story":
        self.note(TimelineEvent.STARTED, "plan standard: 5 workloads from eks-blueprint-blue to eks-blueprint-green")
        self.now += seconds(2)
        self.note(TimelineEvent.LEASE_TAKEN, "lease taken with epoch 7", epoch=7)
        self.now += seconds(3)
        self.note(TimelineEvent.PREFLIGHT_PASSED, "20 checks passed: alarms, weights, and a rehearsal of the rollback")
        self.now += seconds(2)
        self.note(TimelineEvent.BASELINE_RECORDED, "baseline: blue 100 : green 0 for every workload")
        self.now += seconds(1)
        return self

    def write(self, blue: int, green: int, words: str) -> None:
        """Write both weights of all workloads, as far as they change."""
        wanted = Split(blue, green)
        for side in ("blue", "green"):
            after = getattr(wanted, side)
            if after == getattr(self.weights, side):
                continue
            for workload in self.plan.workloads:
                data = {"workload": workload.name, "side": side, "weight": after}
                self.note(TimelineEvent.WEIGHT_WRITTEN, f"{workload.name}: {words} {side} to {after}", **data)
                self.splits[workload.name].append((self.now, wanted))
        self.weights = wanted

    def move(self, index: int) -> None:
        """Bring traffic to the weights of a stage, the receiver first."""
        stage = self.plan.stages[index]
        self.stage = index
        text = f"stage {index + 1} of {len(self.plan.stages)} begins: {stage.share_percent:g} % to green"
        self.note(TimelineEvent.STAGE_BEGAN, text, stage=index, weights=str(stage.split))
        if stage.green > self.weights.green:
            self.write(self.weights.blue, stage.green, "raise")
            self.now += seconds(90)
        if stage.blue < self.weights.blue:
            self.write(stage.blue, self.weights.green, "lower")
            self.now += seconds(78)
        text = f"stage {index + 1}: {stage.split} is read back for every workload"
        self.note(TimelineEvent.TRAFFIC_MOVED, text, stage=index, share_percent=stage.share_percent)

    def bake(self, minutes: float) -> None:
        self.now += seconds(60 * minutes)

    def pass_stage(self, index: int) -> None:
        self.move(index)
        self.bake(11)
        alarms = len(self.plan.alarms)
        self.note(TimelineEvent.STAGE_PASSED, f"stage {index + 1} passed: all {alarms} alarms are OK", stage=index)

    def soak(self) -> None:
        self.soak_began = self.now
        self.note(TimelineEvent.SOAK_BEGAN, "all traffic is on green; the soak begins")
        self.bake(15)
        self.note(TimelineEvent.SOAK_PASSED, f"the soak is over: all {len(self.plan.alarms)} alarms are OK")

    def roll_back(self, reason: str, **evidence: object) -> None:
        self.reason = reason
        self.rollback_began = self.now
        self.note(TimelineEvent.ROLLBACK_BEGAN, f"rollback: {reason}", epoch=8, **evidence)
        self.now += seconds(2)
        self.write(100, self.weights.green, "raise")
        self.now += seconds(92)
        self.write(100, 0, "lower")
        self.now += seconds(64)
        self.note(TimelineEvent.TRAFFIC_RETURNED, "every weight is read back as it was before the start")

    def end(self, outcome: Outcome, reason: str) -> Record:
        self.now += seconds(3)
        self.note(TimelineEvent.ENDED, reason, outcome=outcome.value)
        return self.record(outcome, reason)

    def record(self, outcome: Outcome | None = None, reason: str = "", *, has_baseline: bool = True) -> Record:
        names = [workload.name for workload in self.plan.workloads] if has_baseline else []
        return Record(
            migration="tonight-2026-03-01",
            execution="arn:aws:states:eu-west-1:123456789012:execution:Crossfade:tonight-2026-03-01",
            plan=self.plan,
            epoch=8 if self.rollback_began else 7,
            baseline=tuple(Baseline(workload=name, blue=100, green=0) for name in names),
            stage=self.stage,
            soak_began=self.soak_began,
            rollback_began=self.rollback_began,
            reason=reason,
            outcome=outcome,
            started=T0,
            ended=self.now if outcome else None,
        )

    def reading(self, blue: int | None = None, green: int | None = None) -> tuple[Reading, ...]:
        """What the authority shows: the last weights, or the ones given."""
        shown = (self.weights.blue, self.weights.green) if blue is None and green is None else (blue, green)
        sides = [SideReading(declared=weight, authoritative=weight, epoch=8) for weight in shown]
        return tuple(Reading(workload.name, sides[0], sides[1]) for workload in self.plan.workloads)

    def series(self, *, after_minutes: int = 8, first: int | None = None) -> tuple[Series, ...]:
        """Traffic of all workloads, or of the *first* ones, from before the start to some minutes after the end."""
        begin = T0 - timedelta(minutes=5)
        minutes = round((self.now - begin).total_seconds() / 60) + after_minutes
        return tuple(self._series(workload.name, begin, minutes) for workload in self.plan.workloads[:first])

    def _series(self, name: str, begin: datetime, minutes: int) -> Series:
        rng = random.Random(f"crossfade {name}")  # noqa: S311 - repeatable on purpose
        seen, points = 0.0, []
        for index in range(minutes):
            at = begin + timedelta(minutes=index)
            seen = self._follow(name, seen, at)
            points.append(self._minute(rng, name, at, seen))
        return Series(workload=name, minutes=tuple(points))

    def _follow(self, name: str, seen: float, at: datetime) -> float:
        """Users' share after the minute from *at*, in steps of ten seconds."""
        for tick in range(6):
            now = at + seconds(10 * tick) - seconds(35)
            past = [split for since, split in self.splits[name] if since <= now]
            wanted = past[-1].share_percent / 100 if past else 0.0
            seen += (wanted - seen) * 10 / LAG_SECONDS
            if abs(wanted - seen) < 0.0005:
                seen = wanted
        return seen

    def _minute(self, rng: random.Random, name: str, at: datetime, share: float) -> Minute:
        total = round(RATES.get(name, 500) * rng.uniform(0.93, 1.07))
        green = sum(rng.random() < share for _ in range(total)) if 0 < share < 1 else round(total * share)
        rate = self.sick[2] if self.sick and self.sick[0] == name and at >= self.sick[1] else 0.0002
        return Minute(
            at=at,
            blue_requests=total - green,
            green_requests=green,
            blue_5xx=sum(rng.random() < 0.0003 for _ in range(total - green)),
            green_5xx=sum(rng.random() < rate for _ in range(green)),
        )


def a_success(*, environment: Environment = Environment.EMBEDDED) -> Report:
    """Five stages, a soak, all traffic on green."""
    story = Story().start()
    for index in range(len(SHARES)):
        story.pass_stage(index)
    story.soak()
    story.write(0, 100, "raise")
    story.now += seconds(75)
    record = story.end(Outcome.SUCCEEDED, "all traffic of 5 workloads is on eks-blueprint-green, read back")
    record = record.with_(started_by="schedule weekly-window", purpose="Kubernetes 1.33 on green")
    return build(
        record,
        story.events,
        environment=environment,
        series=story.series(),
        readback=story.reading(),
        readback_at=story.now,
        failed_budget=2000,
        history=History(status="SUCCEEDED", events=1164, transitions=402),
    )


def a_rollback_story() -> tuple[Story, Record]:
    story = Story().start()
    story.pass_stage(0)
    story.pass_stage(1)
    story.move(2)
    fault = story.now + timedelta(minutes=4)
    story.sick = ("burnham", fault, 0.18)
    story.now = fault + seconds(137)
    story.roll_back(
        "green-burnham-5xx is in ALARM",
        alarms={"green-burnham-5xx": "ALARM", "green-burnham-unhealthy-hosts": "OK"},
        alarm_reason="Threshold Crossed: 1 datapoint [17.6] was greater than the threshold (5.0).",
    )
    return story, story.end(Outcome.ROLLED_BACK, "green-burnham-5xx is in ALARM")


def a_rollback(*, environment: Environment = Environment.AWS) -> Report:
    """Green's burnham turns sick at 25 %: rolled back at stage 3."""
    story, record = a_rollback_story()
    return build(
        record.with_(started_by="arn:aws:sts::123456789012:assumed-role/platform/lin"),
        story.events,
        environment=environment,
        series=story.series(after_minutes=12),
        readback=story.reading(),
        readback_at=story.now,
        failed_budget=2000,
        history=History(status="FAILED", events=716, transitions=250),
    )


def an_unconfirmed_rollback() -> Report:
    """Two hosts are not as before; somebody is paged."""
    story, _ = a_rollback_story()
    story.events = [event for event in story.events if event.what not in ("traffic_returned", "ended")]
    reason = "green-burnham-5xx is in ALARM; not read back as before: burnham shows blue 3 : green 1"
    record = story.record(Outcome.ROLLBACK_UNCONFIRMED, reason)
    shown = list(story.reading())
    shown[0] = Reading("burnham", SideReading(100, 3), SideReading(0, 1))
    shown[1] = Reading("geordie", SideReading(100, None, note="no weighted record"), SideReading(0, 0))
    return build(record, story.events, environment=Environment.AWS, readback=shown, series=story.series())


def a_refusal() -> Report:
    """Preflight found two faults; nothing was changed, nothing was measured."""
    story = Story()
    story.note(TimelineEvent.STARTED, "plan standard: 5 workloads from eks-blueprint-blue to eks-blueprint-green")
    reason = (
        "nothing was changed: PreflightFailedError: alarm green-yelb-5xx does not exist; create it\n"
        "riker: green already has weight 5; set it to 0 before the start"
    )
    story.now += seconds(9)
    story.note(TimelineEvent.ENDED, reason, outcome=Outcome.REFUSED.value)
    record = story.record(Outcome.REFUSED, reason, has_baseline=False)
    return build(record, story.events, environment=Environment.EMBEDDED)


def a_dry_run() -> Report:
    """The preflight passed and that was all that was asked."""
    story = Story().start()
    record = story.end(Outcome.DRY_RUN, "the preflight passed; nothing was changed").with_(baseline=())
    return build(record, story.events, environment=Environment.EMBEDDED)


def a_hold() -> Report:
    """Frozen by a person in stage 2."""
    story = Story().start()
    story.pass_stage(0)
    story.move(1)
    story.bake(3)
    by = "arn:aws:sts::123456789012:assumed-role/platform/lin"
    signal = Signal(
        kind=SignalKind.HOLD, by=by, at=story.now, reason="incident elsewhere", until=story.now + seconds(7200)
    )
    record = story.record(Outcome.HELD, f"held by {by}: incident elsewhere")
    return build(record, story.events, environment=Environment.AWS, signals=(signal,), series=story.series(),
                 readback=story.reading())  # fmt: skip


def a_duplicate() -> Report:
    """A second execution found the lease taken."""
    story = Story()
    story.note(TimelineEvent.STARTED, "plan standard: 5 workloads from eks-blueprint-blue to eks-blueprint-green")
    record = story.record(Outcome.DUPLICATE, "migration tonight-2026-02-28 holds the lease", has_baseline=False)
    return build(record, story.events, environment=Environment.AWS)


def a_running_one() -> Report:
    """Made in the middle of stage 2."""
    story = Story().start()
    story.pass_stage(0)
    story.move(1)
    story.bake(2)
    return build(story.record(), story.events, environment=Environment.AWS, series=story.series(after_minutes=0))
