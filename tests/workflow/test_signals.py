"""How fast: from an alarm that is visible, or a person's word, to the first write of the way back."""

from datetime import datetime, timedelta

import boto3

from crossfade.names import BELL_ITEM, BELL_KEY, BELL_TOKEN, TimelineEvent
from tests.workflow.journey import MIGRATION, ON_BLUE, Journey, journey

POLL = timedelta(seconds=30)


def flash(tonight: Journey) -> None:
    """The first alarm goes into ALARM at this moment; the next evaluation finds it OK again."""
    name = tonight.record.plan.alarms[0]
    boto3.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a flash")


def after_the_first_look(tonight: Journey, seconds: float, *, again: bool = False) -> list[datetime]:
    """Let the alarm flash *seconds* after the first look at health, or from then on every second; when that was."""
    clock, flashed = tonight.world.clock, []

    def act() -> None:
        flashed.append(clock.now)
        flash(tonight)

    def begin(_: object) -> None:
        if again:
            clock.every(timedelta(seconds=1), act, first=timedelta(seconds=seconds))
        else:
            clock.after(timedelta(seconds=seconds), act)

    tonight.on_health_check(begin)
    return flashed


def first_write_back(tonight: Journey) -> datetime:
    events = tonight.world.ledger.timeline(MIGRATION)
    began = next(event.at for event in events if event.what == TimelineEvent.ROLLBACK_BEGAN)
    return next(e.at for e in events if e.what == TimelineEvent.WEIGHT_WRITTEN and e.at >= began)


def token_left(tonight: Journey) -> bool:
    key = {"pk": {"S": f"{BELL_KEY}{MIGRATION}"}, "sk": {"S": BELL_ITEM}}
    table = tonight.world.cloud.deployment.table
    return BELL_TOKEN in boto3.client("dynamodb").get_item(TableName=table, Key=key).get("Item", {})


def test_an_alarm_that_is_ok_again_before_anybody_looks_gives_traffic_back_within_five_seconds() -> None:
    with journey() as tonight:
        tonight.world.cloud.events.copies = 2  # at least once means that it can be more
        flashed = after_the_first_look(tonight, 7)

        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert tonight.routed == tonight.declared == ON_BLUE
        assert first_write_back(tonight) - flashed[0] <= timedelta(seconds=5)
        assert not token_left(tonight)
        assert sum(e.what == TimelineEvent.ALARM_LATCHED for e in tonight.world.ledger.timeline(MIGRATION)) == 1


def test_without_events_an_alarm_is_seen_at_the_next_look() -> None:
    with journey() as tonight:
        tonight.world.cloud.events.lost = True
        flashed = after_the_first_look(tonight, 1, again=True)

        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert first_write_back(tonight) - flashed[0] <= POLL + timedelta(seconds=5)
