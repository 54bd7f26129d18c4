"""The guardian's door: EventBridge's events in, what was done out; nearly nothing when nobody holds a lease."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from crossfade.errors import InvalidInputError, LedgerUnavailableError
from crossfade.names import METRIC_NAMESPACE, Metric
from crossfade.wiring import given
from lambdas.door import count
from lambdas.guardian import handler
from tests.steps.guarded import Guarded, stopped
from tests.steps.scene import EXECUTION

Json = dict[str, Any]

ABORTED: Json = {
    "version": "0",
    "id": "0f2d1b9c-0000-0000-0000-000000000001",
    "detail-type": "Step Functions Execution Status Change",
    "source": "aws.states",
    "time": "2026-03-01T03:00:00Z",
    "resources": [EXECUTION],
    "detail": {"executionArn": EXECUTION, "status": "ABORTED"},
}
MINUTE: Json = {
    "version": "0",
    "id": "0f2d1b9c-0000-0000-0000-000000000002",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-03-01T03:01:00Z",
    "detail": {},
}


@dataclass
class Watched:
    """The parts of a scene, as `wiring.Parts`; keeps which were asked for."""

    scene: Guarded
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.scene, name)


@pytest.fixture
def scene() -> Guarded:
    return stopped(2)


@pytest.fixture
def parts(scene: Guarded) -> Iterator[Watched]:
    watched: Any = Watched(scene)
    with given(watched):
        yield watched


def metrics(printed: str) -> list[str]:
    """The names of the metrics in what a function wrote."""
    lines = [json.loads(line) for line in printed.splitlines()]
    return [
        metric["Name"]
        for line in lines
        for group in line.get("_aws", {}).get("CloudWatchMetrics", ())
        if group["Namespace"] == METRIC_NAMESPACE
        for metric in group["Metrics"]
    ]


@pytest.mark.parametrize("event", [ABORTED, MINUTE], ids=["status event", "every minute"])
def test_whatever_wakes_it_it_says_what_it_has_done(parts: Watched, event: Json) -> None:
    del parts

    answer = handler(event, None)

    assert answer == {"done": {"tonight": "burnham, yelb: raise blue to 100"}}


def test_what_it_has_done_to_a_migration_is_a_record_of_that_migration(
    parts: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    del parts

    handler(ABORTED, None)

    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (told,) = (record for record in records if "reason" in record)
    assert (told["message"], told["migration"]) == ("decision", "tonight")
    assert "raise blue to 100" in told["reason"]


def test_the_time_is_that_of_the_event_and_nothing_else_of_it_is_believed(parts: Watched, scene: Guarded) -> None:
    del parts
    forged = ABORTED | {"detail": {"executionArn": "arn:somebody:elses", "status": "SUCCEEDED"}, "resources": []}

    handler(forged, None)

    assert scene.record.rollback_began is not None
    assert scene.record.rollback_began.isoformat() == "2026-03-01T03:00:00+00:00"


def test_with_no_lease_it_looks_at_the_leases_and_at_nothing_else(parts: Watched, scene: Guarded) -> None:
    scene.ledger.release(scene.plan.lease_units, epoch=scene.record.epoch)

    assert handler(MINUTE, None) == {}
    assert parts.asked == ["ledger"]


def test_a_look_that_changes_nothing_writes_no_record_and_counts_the_leases_only(
    parts: Watched, scene: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    del parts
    scene.executions.set(EXECUTION, "RUNNING")

    assert handler(MINUTE, None) == {}
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["LeasesHeld"] == [1]


def test_what_it_does_is_counted_and_so_is_the_outcome(
    parts: Watched, scene: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    del parts
    counted = []
    for minute in range(6):
        handler(MINUTE | {"time": f"2026-03-01T03:0{minute}:00Z"}, None)
        scene.router.propagate()
        counted.append(metrics(capsys.readouterr().out))

    assert counted[0] == ["LeasesHeld", "GuardianActed"]
    assert [*["WrittenShare"] * 2, "LeasesHeld", "GuardianActed", "RolledBack"] in counted
    assert counted[-1] == []


def test_what_it_cannot_do_is_an_error_that_is_seen(parts: Watched, scene: Guarded) -> None:
    del parts
    scene.executions.fail("status", LedgerUnavailableError("try again"))

    with pytest.raises(LedgerUnavailableError):
        handler(MINUTE, None)


def test_what_a_call_that_failed_has_counted_is_told_by_it_and_not_by_the_next(
    parts: Watched, scene: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    del parts
    scene.executions.fail("status", LedgerUnavailableError("try again"))

    with pytest.raises(LedgerUnavailableError):
        handler(MINUTE, None)
    failed = metrics(capsys.readouterr().out)
    handler(MINUTE, None)

    assert failed == ["LeasesHeld"]
    assert metrics(capsys.readouterr().out) == ["LeasesHeld", "GuardianActed"]


def test_what_a_call_that_died_has_counted_is_told_by_nobody(
    parts: Watched, scene: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    del parts
    scene.executions.set(EXECUTION, "RUNNING")
    count(Metric.GUARDIAN_ACTED)  # as a function does that is killed before it has told

    handler(MINUTE, None)

    assert metrics(capsys.readouterr().out) == ["LeasesHeld"]


@pytest.mark.parametrize("event", [{}, {"time": "soon"}, {"time": "2026-03-01T03:00:00"}])
def test_an_event_without_a_time_is_refused(parts: Watched, scene: Guarded, event: Json) -> None:
    before = scene.written()

    with pytest.raises(InvalidInputError, match="time"):
        handler(event, None)

    assert parts.asked == []
    assert scene.written() == before
