"""Each check of a listener rule: passed by a sound one, tripped by one thing that is wrong."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from crossfade.core.facts import EstateFacts, Facts, WatchFacts
from crossfade.core.facts_places import BalancerFacts, PlaceFacts, RuleFacts, TargetGroupFacts
from crossfade.core.finding import Finding, Grade
from crossfade.core.plan import Plan
from crossfade.core.preflight import examine
from crossfade.core.traffic import Reading, SideReading
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import ListenerRule, Router
from tests.steps.scene import a_plan

BLUE, GREEN = Side.BLUE, Side.GREEN
ELB: Final = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
ALARM: Final = "green-burnham-5xx"
BALANCER: Final = "app/shared/1"
HOUR: Final = timedelta(hours=1)


def rule_of(name: str) -> ListenerRule:
    blue, green = (f"{ELB}:targetgroup/{name}-{side}/1" for side in Side)
    return ListenerRule(rule=f"{ELB}:listener-rule/{BALANCER}/{name}/1", blue=blue, green=green, binding=name)


def a_ruled_plan() -> Plan:
    plan = a_plan()
    changes = [{"router": Router.ALB, "ingress": None, "alb": rule_of(w.name)} for w in plan.workloads]
    ruled = [w.model_copy(update=change) for w, change in zip(plan.workloads, changes, strict=True)]
    return plan.model_copy(update={"workloads": tuple(ruled)})


PLAN: Final = a_ruled_plan()
RULE: Final = rule_of("burnham")


def group(name: str, side: Side) -> TargetGroupFacts:
    return TargetGroupFacts(f"targetgroup/{name}-{side}/1", healthy=2, registered=2)


def place(name: str, side: Side) -> PlaceFacts:
    behind = BalancerFacts(BALANCER, "active", "application", dualstack=False, groups=(group(name, side),))
    return PlaceFacts((), behind, binding=rule_of(name).group(side))


def sound() -> Facts:
    names = [workload.name for workload in PLAN.workloads]
    estate = EstateFacts(
        places={(name, side): place(name, side) for name in names for side in Side},
        records={},
        controllers={},
        watches={f"green-{name}-5xx": watch(BALANCER, f"targetgroup/{name}-green/1") for name in names},
        balancers=frozenset({BALANCER, *(group(name, side).name for name in names for side in Side)}),
        rules={name: RuleFacts({rule_of(name).blue: 100, rule_of(name).green: 0}) for name in names},
    )
    readings = {name: Reading(name, SideReading(100, 100), SideReading(0, 0)) for name in names}
    return Facts(PLAN, readings, {name: Alarm(name, AlarmState.OK) for name in PLAN.alarms}, estate=estate)


def watch(*dimensions: str) -> WatchFacts:
    return WatchFacts(dimensions, speed=timedelta(minutes=1))


def estate_with(**changes: Any) -> Facts:
    facts = sound()
    assert facts.estate is not None
    merged: dict[str, Mapping[Any, Any]] = {key: {**getattr(facts.estate, key), **new} for key, new in changes.items()}
    return replace(facts, estate=replace(facts.estate, **merged))  # type: ignore[arg-type]  # mappings, each of its kind


def with_rule(**changes: Any) -> Facts:
    plain: dict[str, Any] = {"groups": {RULE.blue: 100, RULE.green: 0}}
    return estate_with(rules={"burnham": RuleFacts(**(plain | changes))})


def with_binding(side: Side, target: str | None) -> Facts:
    return estate_with(places={("burnham", side): replace(place("burnham", side), binding=target)})


def with_targets(side: Side, **changes: Any) -> Facts:
    behind = place("burnham", side).balancer
    assert behind is not None
    sick = replace(behind, groups=(replace(group("burnham", side), **changes),))
    return estate_with(places={("burnham", side): replace(place("burnham", side), balancer=sick)})


def found(facts: Facts) -> list[Finding]:
    return [finding for finding in examine(facts) if finding.verdict is not Grade.PASS]


TRIPS: Final[list[tuple[str, Grade, Facts, str]]] = [
    ("listener-rule", Grade.FAIL, estate_with(rules={"burnham": None}), "does not exist"),
    ("listener-rule", Grade.FAIL, with_rule(groups={RULE.blue: 100}), "does not forward to green's target group"),
    (
        "listener-rule",
        Grade.FAIL,
        with_rule(groups={RULE.blue: 100, RULE.green: 0, f"{ELB}:targetgroup/canary/1": 0}),
        "a third target group",
    ),
    ("listener-rule", Grade.FAIL, with_rule(is_default=True), "is the default rule of its listener"),
    ("rule-owner", Grade.FAIL, with_rule(owner="ingress.k8s.aws/stack=shop"), "undoes what others write"),
    ("stickiness", Grade.FAIL, with_rule(sticky=HOUR), "keeps a user with one target group for 1h"),
    ("stickiness", Grade.WARN, with_targets(BLUE, sticky=HOUR), "holds sessions for 1h"),
    ("binding", Grade.FAIL, with_binding(GREEN, None), "does not exist"),
    ("binding", Grade.FAIL, with_binding(GREEN, RULE.blue), "leads to blue's target group"),
    ("binding", Grade.FAIL, with_binding(BLUE, f"{ELB}:targetgroup/other/1"), "leads to"),
    ("rule-targets", Grade.FAIL, with_targets(GREEN, healthy=0), "would be answered with 503"),
    ("rule-targets", Grade.FAIL, with_targets(BLUE, healthy=0), "there is no way back"),
    ("alarm-sight", Grade.FAIL, estate_with(watches={ALARM: watch("targetgroup/burnham-blue/1")}), "blue's target"),
    ("alarm-sight", Grade.WARN, estate_with(watches={ALARM: watch(BALANCER)}), "watches blue and green alike"),
]


def test_a_sound_rule_passes_and_only_its_lonely_way_back_is_warned_of() -> None:
    assert [(finding.check, finding.verdict) for finding in found(sound())] == [("second-way-back", Grade.WARN)]


def test_nothing_is_said_of_records_and_controllers_that_carry_no_weight() -> None:
    said = {finding.check for finding in examine(sound())}

    assert said.isdisjoint(
        {"source", "shared-host", "identifiers", "hosts", "record-policy", "ownership", "zone-twin", "targets"}
    )
    assert not {check for check in said if check.startswith("external-dns")}
    assert {"listener-rule", "rule-owner", "stickiness", "binding", "rule-targets"} <= said


@pytest.mark.parametrize(
    ("check", "verdict", "facts", "words"), TRIPS, ids=[f"{check}: {words}" for check, *_, words in TRIPS]
)
def test_what_is_wrong_trips_its_check_and_says_what_to_do(
    check: str, verdict: Grade, facts: Facts, words: str
) -> None:
    bad = [finding for finding in found(facts) if finding.check == check]

    assert [finding for finding in bad if finding.verdict is verdict and words in finding.evidence], bad
    assert all(finding.fix for finding in bad)


def test_a_binding_may_name_its_target_group() -> None:
    assert not [finding for finding in found(with_binding(GREEN, "burnham-green")) if finding.check == "binding"]
