"""A hold that outlives its execution: it is kept while it lasts and green is well; then traffic is given back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from crossfade.core.latch import Latch
from crossfade.core.record import Outcome
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.core.wording import how_it_ended
from crossfade.errors import AlarmsUnavailableError
from tests.fakes import FakeExecutions
from tests.steps.guarded import Guarded, stopped
from tests.steps.scene import EXECUTION


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
