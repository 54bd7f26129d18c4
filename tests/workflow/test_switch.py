"""Route 53 takes no change while green fails: who has a switch is back on blue all the same, and is repaired after."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import pytest

from crossfade.cli.rehearsal import Demo
from crossfade.cli.starting import NAME as MIGRATION
from crossfade.cli.summary import Summary
from crossfade.cli.view import SilentView
from crossfade.core.record import Record
from crossfade.core.resolve import resolve
from crossfade.core.timeline import Event
from tests.workflow.journey import MIGRATION as NAME
from tests.workflow.journey import ON_BLUE, Journey, example
from world.estate_spec import BLUE, GREEN
from world.estate_view import Snapshot
from world.route53_records import Answer

pytestmark = pytest.mark.xdist_group("switch")
OUTAGE: Final = timedelta(minutes=18)
"""From the start on: the execution has ended, and Route 53 is down for two minutes more at least."""


def estate(*faults: str) -> AbstractContextManager[Journey]:
    """The estate in which burnham has a switch and yelb has none."""
    return example("switch", *faults)


@dataclass
class Night:
    """What was seen of a night in which Route 53 was down."""

    page: str = ""
    answered: dict[str, float] = field(default_factory=dict)
    outage: Snapshot | None = None
    summary: Summary | None = None
    after: Record | None = None
    is_healthy: tuple[bool, ...] = ()
    timeline: tuple[Event, ...] = ()
    subjects: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def night() -> Night:
    """As the demo runs it; the estate is looked at from outside while Route 53 is still down."""
    seen = Night()
    with estate("route53-down@2", "green-5xx@2") as tonight:
        world = tonight.world
        route53, hosts = world.estate.route53, [workload.host for workload in world.config.workloads]

        def look() -> None:
            seen.outage = world.estate.snapshot()
            seen.answered = {host.partition(".")[0]: _share(route53.answers(host)) for host in hosts}

        world.clock.after(OUTAGE, look)
        plan = resolve(world.config, {}, now=world.clock.now)
        seen.summary = Demo(world, plan, SilentView(), fault="route53-down@2").run({})
        tonight.pass_time(minutes=3)
        seen.page = world.cloud.messages[0].text
        seen.after, seen.timeline = world.ledger.load(MIGRATION), world.ledger.timeline(MIGRATION)
        seen.is_healthy = tuple(answer.is_healthy for answer in route53.answers(hosts[0]))
        seen.subjects = [message.subject or "" for message in world.cloud.messages]
    return seen


def _share(answers: Iterable[Answer]) -> float:
    """Green's part of the answers."""
    return sum(each.share for each in answers if str(each.record.set_identifier).endswith(GREEN))


def test_the_end_is_honest_and_the_page_says_what_users_get_and_what_records_say(night: Night) -> None:
    assert night.summary is not None
    assert night.summary.outcome == "RollbackUnconfirmed"
    assert night.summary.broken == ()
    assert "burnham: the health check on green's record takes users to blue since" in night.page
    assert "though the records still say otherwise; the guardian goes on repairing them" in night.page


def test_users_of_who_has_a_switch_are_on_blue_while_route53_takes_no_change(night: Night) -> None:
    assert night.outage is not None
    burnham, yelb = night.outage.hosts

    assert dict(burnham.weights) == dict(yelb.weights) == {BLUE: 3, GREEN: 1}, "nobody could change a record"
    assert night.answered == {"burnham": 0.0, "yelb": 0.25}
    assert burnham.share is not None
    assert burnham.share < 0.025, "who keeps a connection open leaves late"
    assert yelb.share is not None
    assert yelb.share > 0.2


def test_the_records_are_repaired_first_and_then_the_switch_is_put_back(night: Night) -> None:
    order = [event.what for event in night.timeline if event.what.startswith(("switch", "traffic_returned"))]

    assert order == ["switch_flipped", "switch_seen", "traffic_returned", "switch_put_back"]
    assert night.summary is not None
    assert {(each[BLUE], each[GREEN]) for each in night.summary.weights.values()} == ON_BLUE
    assert night.after is not None
    assert (night.after.outcome, night.after.switched) == ("RolledBack", ())
    assert all(night.is_healthy), "green's record counts again"


def test_that_users_are_on_blue_is_told_when_it_is_seen(night: Night) -> None:
    assert [subject.partition(":")[0] for subject in night.subjects if "NEEDS YOU" not in subject] == [
        "Crossfade",
        "Crossfade RolledBack after all",
    ]


def test_a_bad_green_alone_is_given_back_by_its_records_and_nothing_is_flipped() -> None:
    with estate("green-5xx@2") as tonight:
        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert tonight.routed == ON_BLUE
        assert not [event for event in tonight.world.ledger.timeline(NAME) if event.what.startswith("switch")]
        preflight = next(e for e in tonight.world.ledger.timeline(NAME) if e.what == "preflight_passed")
        assert preflight.data["table"]["switch"] == {"pass": 1}
