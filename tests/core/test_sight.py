"""An alarm on a load balancer that is not green's any more is blind, and a blind alarm is never OK."""

import pytest

from crossfade.core.definition import Definition
from crossfade.core.sight import Standing, blind
from crossfade.core.verdict import Alarm, AlarmState, Cause, Health, Verdict, judge
from crossfade.core.workload import Workload
from tests.steps.scene import a_plan

BURNHAM, YELB = a_plan().workloads
NAME = "green-burnham-5xx"
NEW, OLD = "app/green/2", "app/green/1"
GROUP, OLD_GROUP = "targetgroup/burnham/2", "targetgroup/burnham/1"
OWN = {"burnham": Standing(frozenset({NEW, GROUP}))}
RULED = {"burnham": Standing(frozenset({GROUP}), shared=NEW)}


def look(*sees: str, standing: dict[str, Standing] = OWN, workloads: tuple[Workload, ...] = (BURNHAM,)) -> str:
    return blind(workloads, {NAME: Alarm(NAME, AlarmState.OK, sees=sees)}, standing).get(NAME, "")


@pytest.mark.parametrize(
    ("sees", "standing"),
    [
        pytest.param((NEW,), OWN, id="its load balancer"),
        pytest.param((NEW, GROUP), OWN, id="its target group"),
        pytest.param((NEW, "app/blue/1"), OWN, id="both sides, compared"),
        pytest.param((), OWN, id="a metric of the application"),
        pytest.param((NEW,), RULED, id="one that serves both sides"),
        pytest.param((NEW, GROUP), RULED, id="the part of it that is green's"),
        pytest.param((OLD,), {}, id="nobody knows what green has"),
    ],
)
def test_an_alarm_that_sees_green_is_believed(sees: tuple[str, ...], standing: dict[str, Standing]) -> None:
    assert look(*sees, standing=standing) == ""


@pytest.mark.parametrize(
    ("sees", "standing", "instead"),
    [
        pytest.param((OLD,), OWN, NEW, id="a load balancer that was replaced"),
        pytest.param(("app/blue/1",), OWN, NEW, id="blue's"),
        pytest.param((NEW, OLD_GROUP), OWN, GROUP, id="a target group that was replaced"),
        pytest.param((NEW, OLD_GROUP), RULED, GROUP, id="blue's part of one that serves both"),
    ],
)
def test_a_blind_alarm_is_named_with_what_it_watches_and_what_green_has(
    sees: tuple[str, ...], standing: dict[str, Standing], instead: str
) -> None:
    said = look(*sees, standing=standing)

    assert (
        said
        == f"{NAME} is blind: it watches {sees[-1]}, and green of burnham has {instead} now; give it that dimension"
    )


def test_an_alarm_for_two_workloads_has_to_see_one_of_them() -> None:
    shared = YELB.model_copy(update={"alarms": (NAME,)})
    both = OWN | {"yelb": Standing(frozenset({"app/yelb/1"}))}

    assert look("app/yelb/1", standing=both, workloads=(BURNHAM, shared)) == ""
    assert look(OLD, standing=OWN, workloads=(BURNHAM, shared)) == ""  # what yelb has is not known
    assert "app/green/2, app/yelb/1" in look(OLD, standing=both, workloads=(BURNHAM, shared))


def test_a_composite_sees_what_the_alarms_in_its_rule_see() -> None:
    rule = Definition(alarm=NAME, parts={}, children=("child",))
    alarms = {NAME: Alarm(NAME, AlarmState.OK, definition=rule), "child": Alarm("child", AlarmState.OK, sees=(OLD,))}

    assert OLD in blind((BURNHAM,), alarms, OWN)[NAME]


@pytest.mark.parametrize(
    ("state", "health", "cause"),
    [
        (AlarmState.OK, Health.INCONCLUSIVE, Cause.ALARM_BLIND),
        (AlarmState.INSUFFICIENT_DATA, Health.INCONCLUSIVE, Cause.ALARM_BLIND),
        (AlarmState.ALARM, Health.UNHEALTHY, Cause.ALARM),
        (AlarmState.MISSING, Health.UNHEALTHY, Cause.ALARM_GONE),
    ],
)
def test_what_is_in_doubt_is_never_good_and_still_bad_when_it_fires(
    state: AlarmState, health: Health, cause: Cause
) -> None:
    doubts = {"a": Verdict(Health.INCONCLUSIVE, "a is blind", Cause.ALARM_BLIND)}

    found = judge(["a"], {} if state is AlarmState.MISSING else {"a": Alarm("a", state)}, doubts=doubts)

    assert (found.health, found.cause) == (health, cause)
