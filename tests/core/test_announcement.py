"""What the outside is told: from which entries, in which form."""

import json
from pathlib import Path

import jsonschema
import pytest

from crossfade.core.announcement import SCHEMA, Announcement, Change, announcement_of, event_schema
from crossfade.core.record import Outcome, Record
from crossfade.names import TimelineEvent
from tests.steps.scene import EXECUTION, T0, a_plan
from tools import schema

RECORD = Record(
    migration="tonight", execution=EXECUTION, plan=a_plan(), started=T0, stage=1, started_by="ann", purpose="1.33"
)


def told(what: str, *, record: Record = RECORD, **data: object) -> Announcement:
    news = announcement_of(record, what=what, text="so it is", at=T0, data=data)
    assert news is not None
    return news


def test_the_shipped_schema_of_events_is_the_generated_one() -> None:
    shipped = (Path(__file__).resolve().parents[2] / "schemas" / f"{SCHEMA}.json").read_text(encoding="utf-8")

    assert shipped == schema.event_text(), "the event has changed; run: .venv/bin/python -m tools.schema"


def test_an_announcement_fits_its_schema() -> None:
    validator = jsonschema.Draft202012Validator(event_schema(), format_checker=jsonschema.FormatChecker())
    ended = RECORD.with_(outcome=Outcome.ROLLED_BACK, ended=T0)

    validator.validate(json.loads(told(TimelineEvent.STAGE_PASSED, stage=1).to_json()))
    validator.validate(json.loads(told(TimelineEvent.ENDED, record=ended, outcome="RolledBack").to_json()))
    assert not validator.is_valid({"schema": SCHEMA})


def test_an_announcement_says_of_which_stage_and_who_began() -> None:
    news = told(TimelineEvent.TRAFFIC_MOVED, stage=1)

    assert (news.change, news.stage, news.stages, news.share_percent) == (Change.STAGE_MOVED, 2, 3, 50)
    assert (news.started_by, news.purpose, news.outcome) == ("ann", "1.33", None)


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.DUPLICATE])
def test_every_end_that_the_ledger_can_know_is_announced(outcome: Outcome) -> None:
    news = told(TimelineEvent.ENDED, record=RECORD.with_(outcome=outcome, ended=T0), outcome=outcome.value)

    assert news.change.is_end
    assert news.outcome is outcome


@pytest.mark.parametrize("what", [TimelineEvent.WEIGHT_WRITTEN, TimelineEvent.VERDICT_CHANGED, "something new"])
def test_what_is_no_news_for_the_outside_is_not_announced(what: str) -> None:
    assert announcement_of(RECORD, what=what, text="x", at=T0, data={}) is None


def test_a_copy_has_the_same_id_and_another_change_has_another() -> None:
    assert told(TimelineEvent.STARTED).id == told(TimelineEvent.STARTED).id
    assert told(TimelineEvent.STARTED).id != told(TimelineEvent.STAGE_PASSED, stage=1).id


def test_a_detail_type_reads_as_words() -> None:
    assert Change.WAITING_FOR_APPROVAL.detail_type == "Crossfade Waiting For Approval"
