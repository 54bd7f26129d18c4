"""Alarms that are told: latched once, believed only from CloudWatch, and counted in the stage they fired in."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from crossfade.core.migration import Action
from crossfade.steps.latch_alarm import AlarmTold, latch_alarm
from tests.fakes import FakeExecutions
from tests.steps.scene import Scene

ALARM = "green-burnham-5xx"
TOKEN = "the token"


class Told:
    """A scene in its second stage, asleep, and what EventBridge tells of its alarms."""

    def __init__(self) -> None:
        self.scene = Scene().ready().moved_through(1).moved(1)
        self.scene.pass_time(600)
        self.executions = FakeExecutions()
        self.fall_asleep()

    def fall_asleep(self) -> None:
        self.scene.ledger.listen("tonight", now=self.scene.now)
        assert self.scene.ledger.fall_asleep("tonight", TOKEN)
        self.executions.asleep.add(TOKEN)

    def tell(self, *, at: datetime | None = None, **other: Any) -> dict[str, Any]:
        state = {"value": other.pop("value", "ALARM"), "timestamp": at or self.scene.now, "reason": "too many"}
        event = {
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "detail": {"alarmName": other.pop("alarm", ALARM), "state": state},
        }
        told = AlarmTold.model_validate(event | {key.replace("_", "-"): value for key, value in other.items()})
        alarms = frozenset(self.scene.plan.alarms)
        return latch_alarm(self.scene.ledger, self.executions, told, alarms=alarms, now=self.scene.now)


def test_an_alarm_wakes_the_bake_and_counts_although_it_is_ok_again() -> None:
    told = Told()

    assert told.tell()["latched"] == ["tonight"]
    assert told.executions.woken == [TOKEN]
    decision = told.scene.check(1)
    assert decision.action is Action.ROLL_BACK
    assert decision.reason.startswith(f"{ALARM} is OK again after an ALARM since the stage began")


@pytest.mark.parametrize(
    "forged",
    [
        {"source": "com.example"},
        {"detail_type": "Something else"},
        {"value": "OK"},
        {"alarm": "an alarm of another team"},
    ],
    ids=["source", "kind", "not in ALARM", "not of the configuration"],
)
def test_what_is_no_alarm_of_ours_is_ignored(forged: dict[str, Any]) -> None:
    told = Told()

    assert told.tell(**forged) == {}
    assert told.executions.woken == []
    assert told.scene.ledger.latches("tonight") == ()


def test_the_same_event_twice_is_one_latch_and_an_event_that_failed_half_way_is_finished() -> None:
    told = Told()
    told.tell()
    told.fall_asleep()
    told.tell()

    assert len(told.scene.ledger.latches("tonight")) == 1
    assert told.scene.happened().count("alarm_latched") == 1
    assert told.executions.woken == [TOKEN, TOKEN], "the first try may have died before it rang"


def test_an_alarm_that_comes_and_goes_wakes_a_stage_once() -> None:
    told = Told()
    told.tell()
    told.fall_asleep()
    for minute in range(1, 5):
        told.tell(at=told.scene.now + timedelta(minutes=minute))

    assert len(told.scene.ledger.latches("tonight")) == 5
    assert told.executions.woken == [TOKEN]


def test_an_event_that_comes_late_belongs_to_the_stage_it_speaks_of() -> None:
    told = Told()
    assert told.scene.record.stage_began is not None

    told.tell(at=told.scene.record.stage_began - timedelta(seconds=1))

    assert told.executions.woken == []
    assert told.scene.check(1).action is not Action.ROLL_BACK


def test_a_migration_on_its_way_back_is_not_woken() -> None:
    told = Told()
    told.scene.roll_back()

    assert told.tell() == {}


def test_who_rings_between_a_look_and_the_sleep_ends_the_sleep_before_it_begins() -> None:
    told = Told()
    told.scene.check(1)
    told.tell()

    assert not told.scene.ledger.fall_asleep("tonight", "another token")
