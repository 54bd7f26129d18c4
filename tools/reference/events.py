"""Parts about what is put on the event bus."""

import json
from datetime import UTC, datetime

from crossfade.core.announcement import Announcement, Change, event_schema
from tools.reference.markdown import Lines, said_beside, table


def event_kinds() -> Lines:
    """The events that are put on the bus."""
    said = said_beside("crossfade/core/announcement.py")
    rows = ([f"`{change.detail_type}`", f"`{change.value}`", said[change.value]] for change in Change)
    return table(["Detail type", "`change`", "When"], rows)


def event_keys() -> Lines:
    """What the detail of an event holds."""
    fields = event_schema()["properties"]
    return table(["Key", "Meaning"], ([f"`{key}`", field["description"]] for key, field in fields.items()))


def event_sample() -> Lines:
    """The detail of one event."""
    sample = Announcement(
        id="manual-20300131-020000/stage_passed/2030-01-31T02:16:30+00:00",
        change=Change.STAGE_PASSED,
        at=datetime(2030, 1, 31, 2, 16, 30, tzinfo=UTC),
        migration="manual-20300131-020000",
        execution="arn:aws:states:eu-west-1:111122223333:execution:Crossfade:manual-20300131-020000",
        plan="standard",
        blue="eks-blueprint-blue",
        green="eks-blueprint-green",
        workloads=5,
        stage=1,
        stages=5,
        share_percent=1,
        dry_run=False,
        outcome=None,
        text="stage 1 passed: all 10 alarms are OK",
        started_by="arn:aws:sts::111122223333:assumed-role/Operator/ann",
        purpose="Kubernetes 1.33 on green",
    )
    return ["```json", json.dumps(json.loads(sample.to_json()), indent=2), "```"]
