"""What answers to a probe say of green: nothing after one look, everything after three, and less when blue is sick."""

from datetime import UTC, datetime, timedelta

import pytest

from crossfade.core.probe import LOOKS, Answer, Failing, Heard, Probed, examine
from crossfade.core.verdict import Cause, Health
from crossfade.core.weight import Side
from crossfade.core.workload import ProbeRequest
from tests.steps.scene import a_plan, probed

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
POLL = timedelta(seconds=30)
WORKLOADS = probed(a_plan()).workloads
NAME = WORKLOADS[0].name
GOOD = Answer(Heard.STATUS, 200)
BAD = Answer(Heard.STATUS, 500)
UNREACHABLE = Answer(Heard.UNREACHABLE, detail="internal")


def look(green: Answer, blue: Answer = GOOD, *, before: Failing | None = None, now: datetime = NOW) -> Probed:
    answers = {NAME: {Side.BLUE: blue, Side.GREEN: green}}
    (found,) = examine(WORKLOADS, answers, [before] if before else [], now)
    return found


def after(looks: int, green: Answer = BAD, blue: Answer = GOOD) -> Probed:
    """What the last of so many looks in a row says."""
    found = look(green, blue)
    for number in range(1, looks):
        found = look(green, blue, before=found.failing, now=NOW + number * POLL)
    return found


def test_a_green_that_answers_as_wanted_is_healthy_and_nothing_is_kept() -> None:
    found = look(GOOD)

    assert (found.verdict.health, found.failing) == (Health.HEALTHY, None)


def test_only_workloads_with_a_probe_are_judged() -> None:
    assert [found.workload for found in examine(WORKLOADS, {NAME: dict.fromkeys(Side, GOOD)}, [], NOW)] == [NAME]
    assert examine(a_plan().workloads, {}, [], NOW) == ()


@pytest.mark.parametrize("looks", range(1, LOOKS))
def test_fewer_bad_answers_than_three_in_a_row_prove_nothing_but_let_no_stage_pass(looks: int) -> None:
    verdict = after(looks).verdict

    assert (verdict.health, verdict.cause) == (Health.INCONCLUSIVE, Cause.PROBE_FAILED)
    assert f"in {looks} of {LOOKS} looks" in verdict.reason


@pytest.mark.parametrize("green", [BAD, Answer(Heard.CERTIFICATE), Answer(Heard.BROKEN)])
def test_three_bad_answers_in_a_row_are_a_bad_green(green: Answer) -> None:
    verdict = after(LOOKS, green).verdict

    assert (verdict.health, verdict.cause) == (Health.UNHEALTHY, Cause.PROBE_FAILED)
    assert "in 3 looks in a row; blue answers 200" in verdict.reason


def test_the_same_look_again_is_not_another_one() -> None:
    once = look(BAD)

    again = look(BAD, before=once.failing)

    assert again == once


def test_one_good_answer_in_between_begins_anew() -> None:
    good = look(GOOD, before=after(LOOKS - 1).failing, now=NOW + LOOKS * POLL)

    assert look(BAD, before=good.failing).failing == Failing(workload=NAME, looks=1, at=NOW)


@pytest.mark.parametrize("blue", [BAD, UNREACHABLE, Answer(Heard.BROKEN)])
def test_a_blue_that_does_not_answer_either_is_a_common_cause(blue: Answer) -> None:
    verdict = after(LOOKS, BAD, blue).verdict

    assert (verdict.health, verdict.cause) == (Health.INCONCLUSIVE, Cause.COMMON_CAUSE)


def test_a_green_that_cannot_be_asked_is_no_evidence_either_way() -> None:
    bad = after(LOOKS - 1)

    found = look(UNREACHABLE, before=bad.failing, now=NOW + LOOKS * POLL)

    assert (found.verdict.health, found.verdict.cause) == (Health.INCONCLUSIVE, Cause.UNREADABLE)
    assert found.failing == bad.failing


def test_a_redirect_is_an_answer_with_its_status() -> None:
    moved = Answer(Heard.STATUS, 302)

    assert not moved.is_good(ProbeRequest())
    assert moved.is_good(ProbeRequest(status=(200, 302)))


def test_the_timeline_keeps_what_was_heard() -> None:
    assert after(2).to_data() == {"blue": 200, "green": 500, "bad_looks": 2}
    assert look(Answer(Heard.BROKEN)).to_data()["green"] == "broken"
