"""What the preflight says of Argo CD: each check passes where all is well, and trips with the fix."""

from dataclasses import replace
from typing import Any

import pytest

from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.checks.argocd import CHECKS
from crossfade.core.facts import Facts
from crossfade.core.facts_argocd import ApplicationFacts, ArgoCdFacts
from crossfade.core.finding import Finding, Grade
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from simulation.sound import sound
from tests.steps.scene import a_plan

BY_SECRET = ArgoCd(applications=("bootstrap", "team"), secret=SecretKey(name="{cluster}", key="route53_weight"))
BY_PARAMETER = ArgoCd(parameter=HelmParameter(application="team", name="weight"))

TEAM = ApplicationFacts("Application team", sync="Synced", health="Healthy", manages=True, automated=True)
BOOTSTRAP = replace(TEAM, name="Application bootstrap", manages=False, several=True, generated=True)
WELL = ArgoCdFacts((BOOTSTRAP, TEAM), version="2.12.6", source="Secret says '100'", weight=100)
"""What is read of a workload with which nothing is wrong."""


def plan(router: Router, argocd: ArgoCd | None) -> Plan:
    found = a_plan()
    first = found.workloads[0].model_copy(update={"router": router, "argocd": argocd})
    return found.model_copy(update={"workloads": (first,)})


def findings(seen: ArgoCdFacts, router: Router = Router.ARGOCD, argocd: ArgoCd | None = BY_SECRET) -> list[Finding]:
    wanted = plan(router, argocd)
    name = wanted.workloads[0].name
    estate = replace(sound(wanted), argocd={(name, Side.GREEN): seen})
    facts = Facts(plan=wanted, readings={}, alarms={}, estate=estate)
    return [finding for check in CHECKS for finding in check.run(facts) if finding.verdict is not Grade.PASS]


def with_team(**changes: Any) -> ArgoCdFacts:
    return replace(WELL, applications=(BOOTSTRAP, replace(TEAM, **changes)))


TRIPS = (
    (with_team(lack="Application team does not exist; create it"), "applications", "fail", "create it"),
    (with_team(automated=False), "applications", "fail", "syncPolicy.automated"),
    (with_team(manages=False), "applications", "fail", "none of Application bootstrap, Application team"),
    (with_team(sync="OutOfSync"), "synced", "fail", "is OutOfSync"),
    (with_team(sync=""), "synced", "fail", "not compared yet"),
    (with_team(sync="Unknown"), "synced", "fail", "ComparisonError"),
    (with_team(health="Degraded"), "synced", "fail", "is Degraded"),
    (with_team(health="Progressing"), "synced", "warn", "become healthy"),
    (with_team(phase="Failed", message="no"), "last-sync", "fail", "is Failed (no) and not tried again"),
    (with_team(phase="Running"), "last-sync", "warn", "let it end"),
    (replace(WELL, weight=None, source="Secret has no key"), "source", "fail", "give it the weight of now"),
    (replace(WELL, lack="Secret is gone; create it"), "source", "fail", "create it"),
    (replace(WELL, by_chart=True, source="it is not set"), "source", "fail", "rules this weight, too"),
    (replace(WELL, version="2.13.3", affected=True), "version", "warn", "Crossfade asks for each sync"),
    (replace(WELL, version="", affected=True), "version", "warn", "argocd-server"),
)
TRIPPED = {f"argocd-{check}" for _, check, *_ in TRIPS} | {"argocd-self-heal"}


def test_nothing_is_found_where_all_is_well() -> None:
    assert findings(WELL) == []


@pytest.mark.parametrize(("seen", "check", "verdict", "says"), TRIPS)
def test_what_is_wrong_is_found_once_and_said_with_the_fix(
    seen: ArgoCdFacts, check: str, verdict: str, says: str
) -> None:
    (found,) = findings(seen)

    assert (found.check, found.verdict) == (f"argocd-{check}", verdict)
    assert says in str(found)


def test_a_parameter_of_a_generated_application_would_be_put_back() -> None:
    (found,) = findings(replace(WELL, applications=(replace(TEAM, generated=True),)), argocd=BY_PARAMETER)

    assert "`argocd.secret`" in found.fix


def test_a_parameter_that_is_not_set_may_be_set_when_no_secret_moves() -> None:
    seen = ArgoCdFacts((TEAM,), version="2.12.6", source="it is not set", by_chart=True)

    assert findings(seen, argocd=BY_PARAMETER) == []


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"heals": True}, ["fail"]),
        ({"heals": True, "leaves_weights": True}, []),
        ({}, ["warn"]),
        ({"automated": False}, []),
        ({"lack": "Application team is forbidden; bind"}, ["warn"]),
    ],
)
def test_the_router_external_dns_is_refused_where_argo_cd_heals_itself(
    changes: dict[str, Any], verdict: list[str]
) -> None:
    found = findings(with_only(changes), router=Router.EXTERNAL_DNS, argocd=None)

    assert [finding.verdict for finding in found] == verdict
    assert all("router: argocd" in finding.fix or "by hand" in finding.fix for finding in found)


def with_only(changes: dict[str, Any]) -> ArgoCdFacts:
    return ArgoCdFacts((replace(TEAM, **changes),))
