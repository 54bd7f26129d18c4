"""The third rung: flipped when nothing else gets through, never instead of it, and put back after the records."""

from contextlib import suppress

import pytest

from crossfade.core.record import Outcome
from crossfade.core.weight import Side
from crossfade.errors import (
    CrossfadeError,
    LedgerUnavailableError,
    RouterRefusedError,
    RouterThrottledError,
    SupersededError,
)
from tests.core.test_checks_switch import switched
from tests.steps.guarded import Guarded, config_of
from tests.steps.scene import Scene, a_plan

THROTTLED = RouterThrottledError("Route 53 limits the rate; it is tried again")
ALWAYS = 10_000


def moved(kind: type[Scene] = Scene, stages: int = 2) -> Scene:
    """Half of the users are on green; burnham has a switch, yelb has none."""
    return kind(plan=switched(a_plan())).ready().moved_through(stages)


def cut_off(scene: Scene) -> None:
    """Route 53 takes and shows nothing, so neither router reads anything; users stay where they are."""
    scene.metrics.share = lambda _workload: 0.5
    for port in (scene.router, scene.rescue):
        for method in ("observe", "write", "stamp"):
            port.fail(method, THROTTLED, times=ALWAYS)


def reconnect(scene: Scene) -> None:
    for port in (scene.router, scene.rescue):
        for method in ("observe", "write", "stamp"):
            port.fail(method, THROTTLED, times=0)


def try_back(scene: Scene, *, seconds: float = 0) -> str:
    """One try after *seconds*; why it has not arrived, empty when it has."""
    scene.pass_time(seconds)
    try:
        progress = scene.roll_back()
    except CrossfadeError as error:
        return str(error)
    return "" if progress.arrived else progress.reason


def flipped(*, stages: int = 2) -> Scene:
    scene = moved(stages=stages)
    cut_off(scene)
    try_back(scene)
    try_back(scene, seconds=30)
    assert scene.switch.out == {"burnham"}
    return scene


def test_where_the_records_lead_is_written_down_before_the_first_write_of_who_has_a_switch() -> None:
    """Once Route 53 does not answer, nobody could find the load balancers any more."""
    (ends,) = Scene(plan=switched(a_plan())).ready().record.ends

    assert (ends.workload, ends.blue, ends.green) == (
        "burnham",
        "burnham-eks-blueprint-blue.elb.example.com",
        "burnham-eks-blueprint-green.elb.example.com",
    )
    assert Scene().ready().record.ends == ()


def test_a_rollback_in_good_order_flips_nothing() -> None:
    scene = moved().rolled_back()

    assert scene.switch.flips == []
    assert scene.confirm()["outcome"] == Outcome.ROLLED_BACK


def test_one_call_that_is_refused_is_no_outage() -> None:
    scene = moved()
    cut_off(scene)
    try_back(scene)
    try_back(scene, seconds=29)

    assert scene.switch.flips == []


def test_a_call_that_is_refused_in_between_flips_nothing() -> None:
    scene = moved()
    try_back(scene)
    scene.router.propagate()
    for _ in range(6):
        scene.router.fail("observe", THROTTLED)
        scene.rescue.fail("observe", THROTTLED)
        try_back(scene, seconds=20)
        try_back(scene, seconds=20)
        scene.router.propagate()

    assert scene.switch.flips == []
    assert scene.splits() == {"blue 100 : green 0"}


def test_a_ledger_that_fails_is_no_reason_to_flip() -> None:
    scene = moved()
    try_back(scene)
    for _ in range(4):
        scene.ledger.fail("load", LedgerUnavailableError("DynamoDB did not answer; it is tried again"))
        try_back(scene, seconds=30)

    assert scene.switch.flips == []


def test_when_route53_neither_takes_nor_shows_anything_the_switch_of_who_has_one_is_flipped_and_told() -> None:
    scene = moved()
    cut_off(scene)
    try_back(scene)
    why = try_back(scene, seconds=30)

    assert scene.switch.flips == [("burnham", True)]
    assert "Route 53 limits the rate" in why
    assert "burnham: the health check on green's record takes users to blue" in why
    assert scene.record.switched == ("burnham",)
    assert scene.happened().count("switch_flipped") == 1


def test_it_is_flipped_again_at_every_try_and_told_once() -> None:
    scene = flipped()
    try_back(scene, seconds=30)

    assert scene.switch.flips == [("burnham", True)] * 2
    assert scene.happened().count("switch_flipped") == 1


def test_without_a_switch_nothing_is_flipped_and_nothing_else_is_asked() -> None:
    scene = Scene().ready().moved_through(2)
    cut_off(scene)

    why = [try_back(scene, seconds=seconds) for seconds in (0, 60, 600)]

    assert scene.switch.flips == []
    assert set(why) == {str(THROTTLED)}


def test_where_the_records_show_green_next_to_nothing_there_is_nothing_to_flip() -> None:
    """Both API servers are silent, so it is never confirmed; but Route 53 is written and shows it."""
    scene = moved()
    scene.router.unreachable |= set(Side)
    for _ in range(20):
        assert try_back(scene, seconds=60)

    assert scene.switch.flips == []


def test_a_record_that_may_not_be_written_is_no_reason_to_wait_longer_than_propagation_may_take() -> None:
    scene = moved()
    refused = RouterRefusedError("Route 53 protects it; delete the protection")
    scene.rescue.fail("write", refused, times=ALWAYS)  # and ExternalDNS carries nothing on
    for _ in range(9):
        try_back(scene, seconds=30)
    assert scene.switch.flips == []

    why = [try_back(scene, seconds=30) for _ in range(3)]

    assert scene.switch.out == {"burnham"}
    assert "takes users to blue" in why[-1]


def test_a_dead_blue_is_never_switched_to() -> None:
    scene = moved()
    scene.metrics.healthy_targets |= {("burnham", Side.BLUE): 0, ("burnham", Side.GREEN): 2}
    scene.metrics.fail("read", THROTTLED, times=1)  # nobody knew when the rollback began
    cut_off(scene)
    for _ in range(5):
        try_back(scene, seconds=30)

    assert scene.switch.flips == []


def test_blue_that_nobody_knows_to_be_dead_is_switched_to() -> None:
    """If it is, Route 53 sees it: with both records unhealthy it answers as if there were no health checks."""
    scene = moved()
    scene.metrics.fail("read", THROTTLED, times=ALWAYS)
    cut_off(scene)
    for _ in range(5):
        try_back(scene, seconds=30)

    assert scene.switch.out == {"burnham"}


def test_a_flip_that_cloudwatch_does_not_take_is_made_at_the_next_try() -> None:
    scene = moved()
    cut_off(scene)
    try_back(scene)
    scene.switch.works = False
    assert "the switch is not flipped yet" in try_back(scene, seconds=30)
    assert "switch_flipped" not in scene.happened()

    scene.switch.works = True
    try_back(scene, seconds=30)

    assert scene.switch.out == {"burnham"}
    assert scene.happened().count("switch_flipped") == 1


def test_that_green_is_out_is_seen_in_its_requests_and_written_down_once() -> None:
    scene = flipped()
    scene.metrics.share = lambda _workload: 0.0
    scene.pass_time(600)
    why = [try_back(scene, seconds=30) for _ in range(2)]

    assert all("seen: burnham: green had 0 of 60,000 requests" in words for words in why)
    assert scene.happened().count("switch_seen") == 1
    assert scene.record.switch_seen is not None


def test_green_with_users_is_not_seen_to_be_out() -> None:
    scene = flipped()
    scene.metrics.share = lambda _workload: 0.5
    scene.pass_time(600)

    assert "not seen in green's requests yet" in try_back(scene)


@pytest.mark.parametrize("stages", [2, 3])
def test_the_switch_is_put_back_after_the_records_and_not_before_they_have_settled(stages: int) -> None:
    scene = flipped(stages=stages)
    reconnect(scene)
    waits = []
    for _ in range(20):
        scene.router.propagate()
        why = try_back(scene, seconds=30)
        if not why:
            break
        assert scene.switch.out == {"burnham"}
        waits.append(why)

    assert scene.splits() == {"blue 100 : green 0"}
    assert any("the records settle, then the switch is put back" in why for why in waits)
    assert scene.switch.out == set()
    assert scene.happened()[-2:] == ["traffic_returned", "switch_put_back"]
    assert scene.record.switched == ()
    assert scene.confirm()["outcome"] == Outcome.ROLLED_BACK


def test_what_cannot_be_put_back_is_not_called_rolled_back() -> None:
    scene = flipped()
    reconnect(scene)
    scene.switch.works = False
    for _ in range(10):
        scene.router.propagate()
        assert try_back(scene, seconds=60)

    ending = scene.confirm()

    assert ending["outcome"] == Outcome.ROLLBACK_UNCONFIRMED
    assert "the records are as before, but burnham: the health check on green's record" in str(ending["reason"])
    assert scene.notifier.told[-1].page


def test_who_was_superseded_flips_nothing() -> None:
    scene = moved()
    scene.roll_back()
    scene.router.fail("write", SupersededError("a younger epoch; stop"), times=ALWAYS)
    scene.rescue.fail("write", SupersededError("a younger epoch; stop"), times=ALWAYS)
    for _ in range(5):
        try_back(scene, seconds=120)

    assert scene.switch.flips == []


def test_a_workload_that_goes_back_alone_is_taken_out_alone() -> None:
    scene = moved()
    scene.ledger.save(
        scene.record.with_(left_out=("burnham",), returning=("burnham",), returning_since=scene.now, fence=scene.epoch)
    )
    scene.give_some_back()
    cut_off(scene)
    for _ in range(3):
        scene.pass_time(30)
        with pytest.raises(RouterThrottledError):
            scene.give_some_back()
    assert scene.switch.out == {"burnham"}
    assert scene.record.rollback_began is None

    reconnect(scene)
    scene.gave_back()

    assert scene.switch.out == set()


class SwitchedGuard(Guarded):
    config = config_of(switched(a_plan()))


def test_the_guardian_flips_tells_once_what_is_seen_and_puts_back() -> None:
    scene = moved(SwitchedGuard)
    assert isinstance(scene, SwitchedGuard)
    scene.executions.set(scene.execution, "FAILED")
    cut_off(scene)
    scene.metrics.share = lambda _workload: 0.0
    for _ in range(20):
        scene.pass_time(60)
        with suppress(RouterThrottledError):
            scene.guard()
        if scene.record.outcome:
            break
    told = [notice for notice in scene.notifier.told if "users are on blue by health check" in notice.title]
    assert [notice.page for notice in told] == [False]
    assert "burnham: the health check on green's record takes users to blue" in told[0].text

    reconnect(scene)
    for _ in range(10):
        scene.pass_time(60)
        scene.router.propagate()
        scene.guard()
    assert scene.switch.out == set()
    assert scene.record.outcome is Outcome.ROLLED_BACK
