"""No evidence is never good evidence, and one bad sign outweighs any number of good ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.verdict import Alarm, AlarmState, Health, judge

OK, ALARM, SILENT, GONE = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.MISSING


def alarms(**states: AlarmState) -> dict[str, Alarm]:
    return {name: Alarm(name, state) for name, state in states.items()}


@pytest.mark.parametrize(
    ("read", "health", "reason"),
    [
        pytest.param(alarms(a=OK, b=OK), Health.HEALTHY, "all 2 alarms are OK", id="all OK"),
        pytest.param(alarms(a=OK, b=ALARM), Health.UNHEALTHY, "b is in ALARM", id="one in ALARM"),
        pytest.param(alarms(a=ALARM, b=ALARM), Health.UNHEALTHY, "a, b are in ALARM", id="both in ALARM"),
        pytest.param(alarms(a=ALARM, b=SILENT), Health.UNHEALTHY, "a is in ALARM", id="ALARM outweighs silence"),
        pytest.param(alarms(a=ALARM), Health.UNHEALTHY, "a is in ALARM", id="ALARM outweighs a missing one"),
        pytest.param(alarms(a=OK, b=SILENT), Health.INCONCLUSIVE, "b is without data", id="one without data"),
        pytest.param(alarms(a=OK), Health.UNHEALTHY, "b is gone: it was there at the start", id="one not returned"),
        pytest.param(alarms(a=SILENT, b=GONE), Health.UNHEALTHY, "b is gone", id="gone outweighs silence"),
        pytest.param(alarms(), Health.UNHEALTHY, "a, b are gone", id="nothing returned"),
    ],
)
def test_alarms_are_judged_by_the_worst(read: dict[str, Alarm], health: Health, reason: str) -> None:
    verdict = judge(["a", "b"], read)

    assert verdict.health is health
    assert reason in verdict.reason


def test_an_alarm_that_fired_since_the_stage_began_stays_bad() -> None:
    verdict = judge(["a", "b"], alarms(a=OK, b=OK), latched=["b"])

    assert verdict.health is Health.UNHEALTHY
    assert verdict.reason == "b is OK again after an ALARM since the stage began"


def test_a_latched_alarm_that_nobody_asked_for_does_not_count() -> None:
    assert judge(["a"], alarms(a=OK), latched=["b"]).health is Health.HEALTHY


def test_one_good_alarm_is_named() -> None:
    assert judge(["a"], alarms(a=OK)).reason == "a is OK"


def test_no_alarm_asked_is_no_evidence() -> None:
    assert judge([], alarms(a=OK)).health is Health.INCONCLUSIVE


def test_alarms_that_nobody_asked_for_do_not_count() -> None:
    assert judge(["a"], alarms(a=OK, b=ALARM)).health is Health.HEALTHY


NAMES = ("a", "b", "c", "d")


@given(
    asked=st.lists(st.sampled_from(NAMES), unique=True),
    states=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(AlarmState)),
    latched=st.lists(st.sampled_from(NAMES), max_size=1),
)
def test_healthy_means_that_every_alarm_spoke_and_was_ok(
    asked: list[str], states: dict[str, AlarmState], latched: list[str]
) -> None:
    verdict = judge(asked, alarms(**states), latched)
    spoken = [states.get(name, GONE) for name in asked]
    good = bool(asked) and all(state is OK for state in spoken) and not set(asked) & set(latched)

    assert (verdict.health is Health.HEALTHY) is good
    assert ALARM not in spoken or verdict.health is Health.UNHEALTHY
    assert verdict.reason
