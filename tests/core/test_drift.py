"""Drift: a weight that this migration did not leave is named, and nothing else is."""

from crossfade.core.drift import drift
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Cause, Health
from crossfade.core.weight import Split
from crossfade.errors import RouterObjectMissingError, RouterRefusedError

LEFT = {"burnham": Split(95, 5), "yelb": Split(95, 5)}


def shows(workload: str, blue: int | None, green: int | None) -> Reading:
    return Reading(workload, SideReading(blue, blue), SideReading(green, green))


def test_weights_as_they_were_left_are_no_drift() -> None:
    assert drift(LEFT, [shows("burnham", 95, 5), shows("yelb", 95, 5)]) is None


def test_every_weight_that_somebody_changed_is_named_with_what_was_left() -> None:
    found = drift(LEFT, [shows("burnham", 50, 50), shows("yelb", 95, 5)])

    assert found is not None
    assert (found.health, found.cause) == (Health.UNHEALTHY, Cause.DRIFT)
    assert "burnham shows blue 50 : green 50 instead of blue 95 : green 5" in found.reason
    assert "yelb" not in found.reason


def test_a_record_that_somebody_took_away_is_drift() -> None:
    found = drift(LEFT, [shows("burnham", None, 5)])

    assert found is not None
    assert "blue no weight" in found.reason


def hidden(workload: str) -> Reading:
    fault = RouterRefusedError("rule 1 may not be read; grant elasticloadbalancing:DescribeRules")
    return Reading(workload, *[SideReading(None, None, reachable=False, fault=fault)] * 2)


def test_a_weight_that_nobody_may_look_at_is_no_drift_and_no_good_sign() -> None:
    found = drift(LEFT, [hidden("burnham"), shows("yelb", 95, 5)])

    assert found is not None
    assert (found.health, found.cause) == (Health.INCONCLUSIVE, Cause.UNREADABLE)
    assert found.reason == (
        "the weights cannot be read: rule 1 may not be read; grant elasticloadbalancing:DescribeRules"
    )


def test_a_weight_that_nobody_may_look_at_hides_no_drift_of_another() -> None:
    found = drift(LEFT, [hidden("burnham"), shows("yelb", 50, 50)])

    assert found is not None
    assert found.cause is Cause.DRIFT
    assert "burnham" not in found.reason


def test_a_rule_that_somebody_took_away_is_drift() -> None:
    gone = SideReading(None, None, reachable=False, fault=RouterObjectMissingError("rule 1 does not exist"))
    found = drift(LEFT, [Reading("burnham", gone, gone)])

    assert found is not None
    assert found.cause is Cause.DRIFT


def test_a_workload_that_is_still_on_its_way_is_not_judged() -> None:
    assert drift({}, [shows("burnham", 50, 50)]) is None
