"""The guardian: what happens when somebody presses Stop, and when nothing else is left."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from crossfade.core.config import Config
from crossfade.core.record import Record
from crossfade.core.weight import Side
from crossfade.core.wording import how_it_ended
from crossfade.errors import (
    LedgerUnavailableError,
    RouterRefusedError,
    RouterThrottledError,
    RouterUnavailableError,
    SupersededError,
)
from tests.fakes import FakeExecutions
from tests.steps.guarded import Guarded, stopped
from tests.steps.scene import EXECUTION


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
