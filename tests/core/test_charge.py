"""What a migration has cost, beyond what blue would have failed anyway, and what is left of blue's traffic."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.charge import QUIET_MINUTES, Charge, Residual, charged, residual, told
from crossfade.core.reckoning import reckoning
from crossfade.core.record import Record
from crossfade.core.series import MINUTE, Minute, Sample, Series
from tests.steps.scene import a_plan

T0 = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
Counts = tuple[int, int]
counts = st.integers(0, 500).flatmap(lambda requests: st.tuples(st.just(requests), st.integers(0, requests)))


def series(*minutes: tuple[Counts, Counts]) -> list[Series]:
    made = (Minute(T0 + n * MINUTE, Sample(*blue), Sample(*green)) for n, (blue, green) in enumerate(minutes))
    return [Series("burnham", tuple(made))]


def charge_of(*minutes: tuple[Counts, Counts]) -> Charge:
    return charged(None, series(*minutes), since=T0, until=T0 + len(minutes) * MINUTE)


def test_what_green_fails_beyond_the_rate_of_blue_is_charged() -> None:
    assert charge_of(((1000, 10), (500, 86))).failed == 86 - 5


def test_a_background_that_both_sides_have_is_not_charged() -> None:
    assert charge_of(((1000, 10), (500, 5)), ((0, 0), (1500, 15))).failed == 0


def test_without_blue_all_that_green_fails_is_charged() -> None:
    assert charge_of(((0, 0), (500, 7))).failed == 7


@given(st.lists(st.tuples(counts, counts), max_size=12), st.lists(st.integers(0, 12), max_size=4))
def test_in_however_many_looks_they_are_read_each_minute_is_counted_once(
    minutes: Sequence[tuple[Counts, Counts]], looks: list[int]
) -> None:
    found, at_once = series(*minutes), charge_of(*minutes)
    charge: Charge | None = None
    for look in [*sorted(looks), 12]:
        charge = charged(charge, found, since=T0, until=T0 + look * MINUTE + timedelta(seconds=30))

    assert charge == at_once.model_copy(update={"until": T0 + 12 * MINUTE})


def test_minutes_before_the_first_write_are_not_counted() -> None:
    found = series(((100, 50), (100, 100)), ((100, 0), (100, 0)))

    assert charged(None, found, since=T0 + MINUTE / 2, until=T0 + 2 * MINUTE).failed == 0


def test_a_quiet_look_is_not_worth_a_save_but_failures_are() -> None:
    first = charge_of(((100, 0), (100, 0)))
    quiet = charged(first, series(((100, 0), (100, 0)), ((100, 0), (100, 0))), since=T0, until=T0 + 2 * MINUTE)
    failing = charged(first, series(((100, 0), (100, 0)), ((100, 0), (100, 3))), since=T0, until=T0 + 2 * MINUTE)
    late = charged(first, series(((100, 0), (100, 0))), since=T0, until=T0 + 70 * MINUTE)

    assert first.is_due(None)
    assert not Charge(until=T0).is_due(None)
    assert not quiet.is_due(first)
    assert failing.is_due(first)
    assert late.is_due(first)


def test_it_is_told_beside_what_may_fail() -> None:
    assert told(81, 2400) == "failed requests 81 of at most 2,400"
    assert told(2401, 2400) == "failed requests 2,401 instead of at most 2,400"
    assert told(81, None) == "failed requests 81"


def a_record(*, stage: int, is_rolled_back: bool, rate: float | None = 100.0) -> Record:
    plan = a_plan()
    workloads = tuple(each.model_copy(update={"requests_per_second": rate}) for each in plan.workloads)
    plan = plan.model_copy(update={"workloads": workloads, "failed_requests": 50_000})
    charge = Charge(until=T0, green_requests=1000, green_failed=81)
    began = T0 if is_rolled_back else None
    return Record(migration="m", execution="e", plan=plan, started=T0, stage=stage, charge=charge, rollback_began=began)


def test_expected_worst_and_actual_stand_side_by_side() -> None:
    found = reckoning(a_record(stage=0, is_rolled_back=True))

    assert found.to_json()["actual"] == 81
    assert found.to_json()["budget"] == 50_000
    assert found.foreseen is not None
    assert found.foreseen.expected is not None
    assert found.foreseen.worst is not None
    assert found.words == (
        f"failed requests 81 of at most 50,000 (a bad green was expected to fail {found.foreseen.expected:,.0f}, "
        f"{found.foreseen.worst:,.0f} at worst)"
    )


def test_a_green_that_was_given_up_later_is_held_against_what_that_stage_may_cost() -> None:
    first, second = (reckoning(a_record(stage=stage, is_rolled_back=True)).foreseen for stage in (0, 1))
    forward = reckoning(a_record(stage=2, is_rolled_back=False)).foreseen

    assert first == forward
    assert first != second


def test_without_rates_nothing_was_foreseen() -> None:
    found = reckoning(a_record(stage=0, is_rolled_back=True, rate=None))

    assert found.to_json() == {"actual": 81, "budget": 50_000, "expected": None, "worst": None}
    assert found.words == "failed requests 81 of at most 50,000"


# --- What is left of blue --------------------------------------------------------------------------------------------

NOW = T0 + timedelta(minutes=30)


def left(*blue: int, since: datetime = T0) -> Residual | None:
    """What is left when blue had so many requests in each minute from T0 on."""
    return residual(series(*(((requests, 0), (100, 0)) for requests in blue)), since=since, now=NOW)


def test_decommission_is_safe_when_blue_had_no_request_for_ten_minutes() -> None:
    found = left(*[500] * 17)

    assert found is not None
    assert found.is_gone
    assert found.words == "blue had no request in the last 10 minutes: decommission is safe"


def test_one_late_request_is_not_died_away() -> None:
    found = left(*[0] * 26, 1)

    assert found is not None
    assert not found.is_gone
    assert found.words.startswith("blue still had 1 requests in the last 10 minutes, from resolvers")
    assert found.words.endswith("keep it until there are none")


def test_a_short_soak_says_so_and_never_that_it_is_safe() -> None:
    found = left(since=NOW - timedelta(minutes=10))

    assert found is not None
    assert found.minutes < QUIET_MINUTES
    assert not found.is_gone
    assert "too few" in found.words


@pytest.mark.parametrize("since", [NOW, NOW - timedelta(minutes=7)])
def test_a_few_minutes_say_nothing(since: datetime) -> None:
    assert left(since=since) is None


def test_what_cannot_be_read_is_not_taken_for_silence() -> None:
    assert residual([Series("burnham", unreadable="no record")], since=T0, now=NOW) is None
