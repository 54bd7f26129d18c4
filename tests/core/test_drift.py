"""Drift: a weight that this migration did not leave is named, and nothing else is."""

from crossfade.core.drift import drift
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Cause, Health
from crossfade.core.weight import Split

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


def test_a_workload_that_is_still_on_its_way_is_not_judged() -> None:
    assert drift({}, [shows("burnham", 50, 50)]) is None
