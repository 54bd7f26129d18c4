"""The guardian: what happens when somebody presses Stop, and when nothing else is left."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from crossfade.core.config import Config, check_config
from crossfade.core.latch import Latch
from crossfade.core.plan import Plan
from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.core.wording import how_it_ended
from crossfade.errors import (
    AlarmsUnavailableError,
    LedgerUnavailableError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    SupersededError,
)
from crossfade.steps.guard import Deed, guard
from tests.fakes import FakeExecutions
from tests.steps.scene import EXECUTION, Scene, a_plan


def config_of(plan: Plan) -> Config:
    """A configuration with the places of *plan*."""
    document = {
        "version": 1,
        "clusters": {"blue": plan.blue.model_dump(), "green": plan.green.model_dump()},
        "hostedZone": plan.zone.model_dump(),
        "workloads": [
            workload.model_dump(
                mode="json", exclude={"identifiers", "requests_per_second", "http_route", "dns_endpoint"}
            )
            for workload in plan.workloads
        ],
        "plans": {"standard": {"stages": [{"share": 100, "bake": "10m"}]}},
        "defaultPlan": "standard",
    }
    return check_config(document, now=None)


class Guarded(Scene):
    """A scene with a guardian that looks once a minute."""

    executions = FakeExecutions()
    config = config_of(a_plan())

    def guard(self) -> dict[str, Deed]:
        return guard(
            self.ledger,
            self.ways,
            self.notifier,
            self.executions,
            alarms=self.alarms,
            leased=self.ledger.leased(),
            config=self.config,
            now=self.now,
        )

    def guarded_for(self, minutes: int) -> None:
        for _ in range(minutes):
            self.guard()
            self.pass_time(60)
            self.router.propagate()


def stopped(stages: int) -> Guarded:
    scene = Guarded()
    scene.executions = FakeExecutions()
    scene.ready().moved_through(stages)
    scene.executions.set(EXECUTION, "ABORTED")
    return scene


def test_a_running_execution_is_left_alone() -> None:
    scene = stopped(2)
    scene.executions.set(EXECUTION, "RUNNING")
    before = scene.written()

    assert scene.guard() == {}
    assert scene.written() == before


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "DELETED"])
@pytest.mark.parametrize("stages", [1, 2, 3])
def test_whatever_ended_the_execution_traffic_is_given_back_and_read_back(status: str, stages: int) -> None:
    scene = stopped(stages)
    scene.executions.set(EXECUTION, status)

    scene.guarded_for(6)

    assert scene.splits() == {"blue 100 : green 0"}
    assert scene.record.outcome == "RolledBack"
    assert how_it_ended(status) in scene.record.reason
    assert not scene.ledger.leased()


def test_a_rollback_that_was_under_way_keeps_its_reason() -> None:
    scene = stopped(2)
    scene.roll_back("green-burnham-5xx is in ALARM")

    scene.guarded_for(6)

    assert scene.record.outcome == "RolledBack"
    assert scene.record.reason == "green-burnham-5xx is in ALARM; somebody stopped the execution"


def test_the_first_look_raises_blue() -> None:
    scene = stopped(3)

    scene.guard()

    assert scene.router.declared("burnham", Side.BLUE) == 100


def test_a_stop_before_the_first_write_only_gives_up_the_lease() -> None:
    scene = Guarded()
    scene.executions = FakeExecutions()
    scene.leased()
    scene.executions.set(EXECUTION, "ABORTED")

    scene.guard()

    assert scene.record.outcome == "Refused"
    assert scene.written() == []
    assert not scene.ledger.leased()


def test_an_event_that_comes_twice_or_late_changes_nothing_more() -> None:
    scene = stopped(2)
    scene.guarded_for(6)
    before, told = scene.written(), len(scene.notifier.told)

    assert scene.guard() == {}

    assert (scene.written(), len(scene.notifier.told)) == (before, told)


def test_a_redriven_execution_may_not_write_after_the_guardian() -> None:
    scene = stopped(2)
    scene.guard()

    with pytest.raises(SupersededError):
        scene.shift(2)


def test_a_migration_that_cannot_be_restored_yet_is_tried_again() -> None:
    scene = stopped(2)
    scene.metrics.fail("read", RouterThrottledError("slow down"))
    scene.router.fail("observe", RouterThrottledError("slow down"))
    scene.rescue.fail("observe", RouterThrottledError("slow down"))
    with pytest.raises(RouterThrottledError):
        scene.guard()

    scene.guarded_for(6)

    assert scene.splits() == {"blue 100 : green 0"}


def test_step_functions_that_does_not_answer_is_no_reason_to_act() -> None:
    scene = stopped(2)
    scene.executions.fail("status", LedgerUnavailableError("try again"))
    before = scene.written()

    with pytest.raises(LedgerUnavailableError):
        scene.guard()

    assert scene.written() == before


def test_an_unconfirmed_rollback_is_finished_when_the_authority_comes_back() -> None:
    scene = stopped(2)
    scene.rescue.fail("write", RouterRefusedError("grant it"), times=99)
    for _ in range(20):
        scene.guard()
        scene.pass_time(60)
    assert scene.record.outcome == "RollbackUnconfirmed"
    assert scene.notifier.told[-1].page

    scene.guarded_for(6)

    assert scene.record.outcome == "RolledBack"
    assert scene.notifier.told[-1].title.startswith("Crossfade RolledBack after all")


def test_whom_a_dead_blue_has_kept_on_green_is_not_called_rolled_back_when_the_authority_comes_back() -> None:
    scene = stopped(3)
    for name in ("burnham", "yelb"):
        scene.metrics.healthy_targets |= {(name, Side.BLUE): 3, (name, Side.GREEN): 3}
    scene.metrics.healthy_targets["yelb", Side.BLUE] = 0
    scene.rescue.fail("write", RouterRefusedError("grant it"), times=99)
    for _ in range(20):
        scene.guard()
        scene.pass_time(60)
    assert scene.record.outcome == "RollbackUnconfirmed"

    scene.guarded_for(6)

    assert scene.record.outcome == "Held"
    assert scene.notifier.told[-1].title.startswith("Crossfade NEEDS YOU: Held after all")
    assert scene.notifier.told[-1].page
    assert "yelb left on green" in scene.record.reason


def test_a_lease_left_by_a_migration_that_ended_is_given_up() -> None:
    scene = stopped(3)
    scene.ledger.fail("release", LedgerUnavailableError("try again"))
    scene.rolled_back()
    with pytest.raises(LedgerUnavailableError):
        scene.confirm()

    scene.guard()

    assert not scene.ledger.leased()


def test_what_was_done_is_said_with_the_outcome_when_it_is_the_end() -> None:
    scene = stopped(1)
    deeds = []
    for _ in range(6):
        deeds += [(deed.words, deed.outcome) for deed in scene.guard().values()]
        scene.pass_time(60)
        scene.router.propagate()

    assert deeds[0] == ("burnham, yelb: raise blue to 100", None)
    assert deeds[-1] == ("RolledBack: somebody stopped the execution", "RolledBack")


def test_an_object_that_is_gone_is_paged_once_the_others_are_back_and_looked_at_again() -> None:
    scene = stopped(2)
    scene.router.remove("yelb", Side.GREEN)

    scene.guarded_for(6)

    assert scene.record.outcome == "RollbackUnconfirmed"
    assert [notice.page for notice in scene.notifier.told] == [True]
    assert [scene.router.declared("burnham", side) for side in Side] == [100, 0]
    assert "yelb" in scene.guard()["tonight"].words


@pytest.mark.parametrize(
    ("silent", "shown", "says"),
    [
        pytest.param([Side.GREEN], "blue 100 : green 0", "but green may ask for another weight", id="green"),
        pytest.param([Side.BLUE], "blue 100 : green 1", "but blue may ask for another weight", id="blue"),
        pytest.param(list(Side), "blue 100 : green 1", "the weights cannot be read back", id="both"),
    ],
)
def test_a_cluster_that_never_answers_is_paged_once_and_traffic_is_given_back_all_the_same(
    silent: list[Side], shown: str, says: str
) -> None:
    scene = stopped(2)
    scene.router.unreachable |= set(silent)
    for _ in range(20):
        with suppress(RouterUnavailableError):
            scene.guard()
        scene.pass_time(60)
        if len(silent) == 1:
            scene.router.propagate(silent[0].other)

    assert scene.record.outcome == "RollbackUnconfirmed"
    assert says in scene.record.reason
    assert [notice.page for notice in scene.notifier.told] == [True]
    assert {str(reading.split) for reading in scene.rescue.observe(scene.record.workloads)} == {shown}
    assert scene.ledger.leased()


@pytest.mark.parametrize("side", Side)
def test_what_a_silent_cluster_still_asked_for_is_repaired_when_it_answers_again(side: Side) -> None:
    scene = stopped(3)
    scene.router.unreachable.add(side)
    for _ in range(20):
        scene.guard()
        scene.pass_time(60)
        scene.router.propagate(side.other)
    assert scene.record.outcome == "RollbackUnconfirmed"

    scene.router.unreachable.clear()
    scene.router.propagate()  # its controller is back, too
    scene.guarded_for(8)

    assert scene.record.outcome == "RolledBack"
    assert scene.splits() == {"blue 100 : green 0"}
    assert not scene.ledger.leased()


def test_one_migration_that_cannot_be_restored_does_not_keep_the_others_waiting() -> None:
    scene = stopped(3)
    other = Record(migration="a-broken-one", execution="arn:other", plan=scene.plan, started=scene.now, epoch=99)
    scene.ledger.open(other)
    scene.ledger.take(["elsewhere"], migration=other.migration, execution=other.execution, now=scene.now)
    scene.executions.fail("status", LedgerUnavailableError("try again"), times=1)

    with pytest.raises(LedgerUnavailableError):
        scene.guard()

    assert scene.router.declared("burnham", Side.BLUE) == 100


def swapped(config: Config) -> Config:
    clusters = config.clusters
    return config.model_copy(
        update={"clusters": clusters.model_copy(update={"blue": clusters.green, "green": clusters.blue})}
    )


def fewer(config: Config) -> Config:
    return config.model_copy(update={"workloads": config.workloads[:1]})


def elsewhere(config: Config) -> Config:
    return config.model_copy(
        update={"hosted_zone": config.hosted_zone.model_copy(update={"id": "Z9999999999999999999"})}
    )


@pytest.mark.parametrize("change", [swapped, fewer, elsewhere])
def test_a_migration_that_began_under_another_configuration_is_paged_and_not_touched(
    change: Callable[[Config], Config],
) -> None:
    scene = stopped(2)
    scene.config = change(scene.config)
    before = scene.written()

    scene.guarded_for(3)

    assert scene.written() == before
    assert scene.record.outcome == "RollbackUnconfirmed"
    assert "deploy the one from before" in scene.record.reason
    assert [notice.page for notice in scene.notifier.told] == [True]


def test_it_is_restored_when_the_configuration_from_before_is_deployed_again() -> None:
    scene = stopped(2)
    mine = scene.config
    scene.config = swapped(mine)
    scene.guard()

    scene.config = mine
    scene.guarded_for(6)

    assert scene.splits() == {"blue 100 : green 0"}
    assert scene.record.outcome == "RolledBack"


def test_other_alarms_are_no_reason_not_to_restore() -> None:
    scene = stopped(2)
    first, *rest = scene.config.workloads
    scene.config = scene.config.model_copy(
        update={"workloads": (first.model_copy(update={"alarms": ("another-one",)}), *rest)}
    )

    scene.guarded_for(6)

    assert scene.record.outcome == "RolledBack"


# --- A hold that outlives its execution ------------------------------------------------------------------------------


def held(status: str = "TIMED_OUT", *, hours: float = 2) -> Guarded:
    """Half of the users on green, frozen by a person, and the execution is gone."""
    scene = stopped(2)
    scene.executions.set(EXECUTION, status)
    word(scene, SignalKind.HOLD, until=scene.now + timedelta(hours=hours))
    return scene


def word(scene: Guarded, kind: SignalKind, *, until: datetime | None = None) -> None:
    scene.pass_time(1)
    signal = Signal(kind=kind, by="arn:aws:iam::1:user/ana", at=scene.now, reason="blue is being mended", until=until)
    scene.ledger.signal(scene.migration, signal)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED", "DELETED"])
def test_a_hold_that_outlives_its_execution_is_kept_and_somebody_is_paged_once(status: str) -> None:
    scene = held(status)
    before = scene.written()
    first = scene.guard()
    scene.guarded_for(60)

    assert f"{how_it_ended(status)}; it stays where ana held it, until 2026-03-01" in first["tonight"].words
    assert scene.guard() == {}
    assert scene.written() == before
    assert scene.record.outcome is None
    assert scene.ledger.leased() == ("tonight",)
    (page,) = scene.notifier.told
    assert page.page
    assert "blue is being mended" in page.text
    assert "crossfade abort tonight" in page.next_steps[0]


def until_it_runs_out(scene: Guarded) -> None:
    scene.pass_time(2 * 3600)


def red(scene: Guarded) -> None:
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM)


def red_for_a_moment(scene: Guarded) -> None:
    scene.ledger.latch(scene.migration, Latch(alarm="green-yelb-5xx", at=scene.now))


def failing(scene: Guarded) -> None:
    scene.metrics.failing["yelb", Side.GREEN] = 0.5
    scene.pass_time(300)


@pytest.mark.parametrize(
    ("what", "because"),
    [
        pytest.param(until_it_runs_out, "the execution ran into its time-out", id="its end"),
        pytest.param(lambda scene: word(scene, SignalKind.RESUME), "the execution ran into its time-out", id="resume"),
        pytest.param(lambda scene: word(scene, SignalKind.ABORT), "aborted by ana", id="abort"),
        pytest.param(red, "green-yelb-5xx is in ALARM", id="an alarm"),
        pytest.param(red_for_a_moment, "green-yelb-5xx is OK again after an ALARM", id="an alarm for a moment"),
        pytest.param(failing, "yelb: green fails more than blue", id="requests that fail"),
    ],
)
def test_a_hold_that_was_kept_ends_and_traffic_is_given_back(what: Callable[[Guarded], None], because: str) -> None:
    scene = held()
    scene.guarded_for(5)
    what(scene)
    scene.guarded_for(10)

    assert scene.record.outcome is Outcome.ROLLED_BACK
    assert because in scene.record.reason
    assert scene.splits() == {"blue 100 : green 0"}
    assert not scene.ledger.leased()


def test_what_cannot_be_read_ends_no_hold() -> None:
    scene = held()
    scene.alarms.fail("read", AlarmsUnavailableError("slow down"), times=99)
    scene.metrics.fail("read", AlarmsUnavailableError("slow down"), times=99)
    scene.guarded_for(5)

    assert scene.record.rollback_began is None


def test_what_was_still_moving_when_its_execution_ended_is_given_back_in_spite_of_a_hold() -> None:
    scene = Guarded()
    scene.executions = FakeExecutions()
    scene.ready().shift(0)
    word(scene, SignalKind.HOLD, until=scene.now + timedelta(hours=2))
    scene.executions.set(EXECUTION, "ABORTED")
    scene.guarded_for(10)

    assert scene.record.outcome is Outcome.ROLLED_BACK
