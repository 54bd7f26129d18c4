"""What the preflight says of a switch: it passes where green's records carry it, and trips with the fix."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from crossfade.core.checks.switch import CHECKS
from crossfade.core.facts import EstateFacts, Facts
from crossfade.core.facts_places import RecordFacts
from crossfade.core.finding import Finding, Grade
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.names import STABLE_PREFIX
from simulation.sound import sound
from tests.steps.scene import a_plan

NAME = "burnham"
ID = f"switch-of-{NAME}"


def switched(plan: Plan, **changes: Any) -> Plan:
    """*plan*, with a switch for its first workload."""
    first, *others = plan.workloads
    return plan.model_copy(update={"workloads": (first.model_copy(update={"switch": True, **changes}), *others)})


PLAN = switched(a_plan())


def findings(change: Callable[[EstateFacts], EstateFacts] = lambda estate: estate, plan: Plan = PLAN) -> list[Finding]:
    facts = Facts(plan=plan, readings={}, alarms={}, estate=change(sound(plan)))
    return [finding for check in CHECKS for finding in check.run(facts)]


def carried(health_check: str, side: Side = Side.GREEN) -> Callable[[EstateFacts], EstateFacts]:
    """The records of *side* carry *health_check*."""

    def of(record: RecordFacts) -> RecordFacts:
        return replace(record, health_check=health_check) if record.identifier.endswith(side) else record

    return lambda seen: replace(seen, records={**seen.records, NAME: tuple(map(of, seen.records[NAME]))})


def check(**changes: Any) -> Callable[[EstateFacts], EstateFacts]:
    def change(seen: EstateFacts) -> EstateFacts:
        found = seen.health_checks[ID]
        assert found is not None
        return replace(seen, health_checks={ID: replace(found, **changes)})

    return change


TRIPS = (
    (carried(""), "fail", "annotate green's Ingress with external-dns.alpha.kubernetes.io/aws-health-check-id in Git"),
    (carried("somebody-elses"), "fail", "none of this stack's"),
    (carried(ID, Side.BLUE), "fail", "blue's records carry green's health check"),
    (check(alarm="a-workload-s-alarm"), "fail", "follows a-workload-s-alarm, not crossfade-switch-Z"),
    (check(alarm=""), "fail", "follows no alarm"),
    (check(is_as_deployed=False), "fail", "inverted, disabled"),
    (check(healthy=False), "fail", "--namespace Crossfade/Switch --metric-name GreenOut --dimensions zone=Z"),
    (check(healthy=None), "warn", "does not say"),
)


TRIPPED = {check.id for check in CHECKS}
"""The checks that this file trips."""


def test_a_switch_that_green_carries_and_that_lets_it_in_passes() -> None:
    (finding,) = findings()

    assert finding.verdict is Grade.PASS
    assert ID in finding.evidence


@pytest.mark.parametrize(("change", "verdict", "words"), TRIPS)
def test_what_would_keep_a_switch_from_working_is_said_with_its_fix(
    change: Callable[[EstateFacts], EstateFacts], verdict: str, words: str
) -> None:
    (finding,) = (each for each in findings(change) if each.verdict is not Grade.PASS)

    assert finding.verdict == verdict
    assert words in str(finding)


def test_one_record_type_without_the_health_check_would_stay_on_green() -> None:
    def with_aaaa(seen: EstateFacts) -> EstateFacts:
        green = next(record for record in seen.records[NAME] if record.health_check)
        aaaa = replace(green, type="AAAA", health_check="")
        return replace(seen, records={**seen.records, NAME: (*seen.records[NAME], aaaa)})

    (finding,) = findings(with_aaaa)

    assert (finding.verdict, "A has switch-of-burnham, AAAA has none" in finding.evidence) == (Grade.FAIL, True)


def test_the_annotation_is_named_as_greens_external_dns_reads_it() -> None:
    def newer(seen: EstateFacts) -> EstateFacts:
        at = seen.controllers[Side.GREEN]
        assert at is not None
        return carried("")(
            replace(seen, controllers={**seen.controllers, Side.GREEN: replace(at, prefix=STABLE_PREFIX)})
        )

    assert f"{STABLE_PREFIX}aws-health-check-id" in findings(newer)[0].fix


def test_records_that_nobody_keeps_are_given_the_health_check_themselves() -> None:
    (finding,) = findings(carried(""), switched(a_plan(), router=Router.ROUTE53))

    assert "give green's records the health check" in finding.fix


def test_without_a_switch_nothing_is_looked_at() -> None:
    assert findings(plan=a_plan()) == []
