"""However a migration goes, it ends as it says: read from Route 53 and the Ingresses, past the product."""

from collections.abc import Mapping
from typing import Any

import boto3
import pytest

from crossfade.names import State
from tests.workflow.journey import MIGRATION, ON_BLUE, ON_GREEN, journey


def test_when_all_is_well_all_traffic_ends_on_green() -> None:
    with journey() as tonight:
        execution = tonight.run()

        assert execution.status == "SUCCEEDED"
        assert execution.output["outcome"] == "Succeeded"
        assert execution.output["share_percent"] == 100
        assert tonight.routed == tonight.declared == ON_GREEN
        assert tonight.pages == []
        assert tonight.world.ledger.leased() == ()
        assert tonight.of_record == ON_GREEN


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("green-5xx", "green fails more than blue"),
        ("green-5xx@2", "green"),
        ("green-crash", "green's load balancer has no healthy target"),
        ("green-crash@2", "green"),
        ("stuck-external-dns", "NotPropagatedError"),
        ("handler-crash", "the function died after its write"),
        ("handler-crash@2", "the function died after its write"),
    ],
)
def test_whatever_breaks_all_traffic_ends_on_blue(fault: str, why: str) -> None:
    with journey(fault) as tonight:
        execution = tonight.run()

        assert (execution.status, execution.error) == ("FAILED", "RolledBack")
        assert why in (execution.cause or "")
        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.record.outcome == "RolledBack"
        assert tonight.world.ledger.leased() == ()


def test_a_way_back_that_sticks_is_gone_another_way() -> None:
    with journey("stuck-external-dns@2") as tonight:
        execution = tonight.run()

        assert execution.error == "RolledBack"
        assert tonight.routed == tonight.declared == ON_BLUE
        assert any("directly in Route 53" in event.text for event in tonight.world.ledger.timeline(MIGRATION))
        assert tonight.pages == []


def test_a_route53_that_refuses_everybody_is_paged_and_restored_when_it_is_back() -> None:
    with journey("throttled-route53") as tonight:
        execution = tonight.run()

        if execution.error == "RollbackUnconfirmed":
            assert len(tonight.pages) == 1
            assert execution.cause is not None
            assert "limits the rate" in execution.cause
        tonight.pass_time(minutes=15)

        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.record.outcome == "RolledBack"
        assert tonight.world.ledger.leased() == ()


def test_a_dry_run_changes_nothing() -> None:
    with journey() as tonight:
        execution = tonight.run({"dryRun": True, "reason": "rehearsal"})

        assert execution.status == "SUCCEEDED"
        assert (execution.output["outcome"], execution.output["share_percent"]) == ("DryRun", 0)
        assert State.RECORD_BASELINE not in tonight.states
        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.world.ledger.leased() == ()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"plan": "nope"}, "nope"),
        ({"cluster": "somebody-elses"}, "cluster"),
        ({"workloads": ["nobody"]}, "nobody"),
        ({"notAfter": "2026-02-01T00:00:00Z"}, "2026-02-01"),
        ("go", "input"),
    ],
)
def test_an_input_that_is_not_ours_is_refused(given: Mapping[str, Any], why: str) -> None:
    with journey() as tonight:
        execution = tonight.run(given)

        assert (execution.status, execution.error) == ("FAILED", "Refused")
        assert why in (execution.cause or "")
        assert tonight.routed == tonight.declared == ON_BLUE


def test_an_alarm_that_does_not_exist_is_refused_before_anything_is_written() -> None:
    with journey() as tonight:
        boto3.client("cloudwatch").delete_alarms(AlarmNames=["eks-blueprint-green-yelb-5xx"])
        execution = tonight.run()

        assert (execution.status, execution.error) == ("FAILED", "Refused")
        assert "eks-blueprint-green-yelb-5xx" in (execution.cause or "")
        assert tonight.routed == tonight.declared == ON_BLUE
        assert tonight.world.ledger.leased() == ()


def test_an_alarm_that_fires_already_is_refused_before_anything_is_written() -> None:
    with journey() as tonight:
        boto3.client("cloudwatch").set_alarm_state(
            AlarmName="eks-blueprint-green-burnham-5xx", StateValue="ALARM", StateReason="since yesterday"
        )
        execution = tonight.run()

        assert (execution.status, execution.error) == ("FAILED", "Refused")
        assert "eks-blueprint-green-burnham-5xx" in (execution.cause or "")
        assert tonight.routed == tonight.declared == ON_BLUE


def test_a_second_start_ends_as_a_duplicate_and_does_not_disturb_the_first() -> None:
    with journey() as tonight:
        others: list[str] = []
        tonight.on_health_check(lambda _invocation: others.append(tonight.world.cloud.start("again")))
        first = tonight.run()
        second = tonight.world.cloud.wait(others[0])

        assert (second.status, second.error) == ("FAILED", "Duplicate")
        assert MIGRATION in (second.cause or "")
        assert first.status == "SUCCEEDED"
        assert tonight.routed == tonight.declared == ON_GREEN
