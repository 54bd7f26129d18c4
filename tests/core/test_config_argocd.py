"""What the configuration may say about Argo CD, and what is refused: workloads that share a weight, torn apart."""

from collections.abc import Mapping
from typing import Any

import pytest

from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.config import Config, check_config
from crossfade.core.overrides import overrides, words
from crossfade.core.record import Baseline, Outcome, Record
from crossfade.core.resolve import resolve
from crossfade.errors import InvalidConfigError, SharedWeightError
from tests.core.documents import NOW, changed

CART = ("workloads", 0)
SECRET: Mapping[str, Any] = {"applications": ["boot-{cluster}", "cart"], "secret": {"name": "{cluster}", "key": "w"}}
PARAMETER: Mapping[str, Any] = {"parameter": {"application": "team", "name": "ingress.weight"}}
HUB = {"name": "hub", "region": "eu-central-1"}


def with_block(block: object, workload: int = 0) -> dict[str, Any]:
    where = ("workloads", workload)
    return changed(((*where, "router"), "argocd"), ((*where, "argocd"), block))


def read(document: dict[str, Any]) -> Config:
    return check_config(document, now=NOW)


def both(block: object) -> dict[str, Any]:
    keys = (("router", "argocd"), ("argocd", block))
    return changed(*((("workloads", n, key), value) for n in (0, 1) for key, value in keys))


def test_a_block_is_read_and_every_name_is_in_full_on_each_side() -> None:
    block = read(with_block(SECRET)).plan("standard").workloads[0].argocd
    assert block is not None

    assert block.on("shop-blue") == ArgoCd(
        applications=("boot-shop-blue", "cart"), secret=SecretKey(name="shop-blue", key="w")
    )


def test_the_application_of_a_parameter_is_one_of_those_that_are_watched() -> None:
    block = read(with_block({**PARAMETER, "applications": ["leaf"]})).plan("standard").workloads[0].argocd
    assert block is not None

    assert block.on("shop-blue").applications == ("team", "leaf")
    assert block.parameter == HelmParameter(application="team", name="ingress.weight")


def test_a_hub_is_one_of_the_clusters_once() -> None:
    config = read(both({**SECRET, "hub": HUB}))

    assert [(at.name, at.region) for at in config.all_clusters[2:]] == [("hub", "eu-central-1")]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (changed(((*CART, "router"), "argocd")), "argocd: is missing; the router argocd needs to know"),
        (changed(((*CART, "argocd"), dict(SECRET))), "argocd: is only for the router argocd"),
        (with_block({**SECRET, **PARAMETER}), "argocd: has both a secret and a parameter"),
        (with_block({"applications": ["a"]}), "argocd: has no secret and no parameter"),
        (with_block({"secret": SECRET["secret"]}), "argocd.applications: is empty; name every Application"),
        (
            with_block({**SECRET, "hub": HUB, "secret": {"name": "same", "key": "w"}}),
            "argocd.secret.name: 'same' is the same for both sides in one hub",
        ),
        (with_block({**PARAMETER, "hub": HUB}), "argocd.parameter.application: 'team' is the same for both sides"),
        (with_block({**SECRET, "secret": {"name": "{side}", "key": "w"}}), "argocd.secret.name: '{side}' must be"),
    ],
)
def test_a_block_that_cannot_work_is_refused_with_the_fix(document: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        read(document)

    assert [fault for fault in caught.value.faults if f"workloads[0].{says}" in fault]


def test_a_start_that_would_tear_a_shared_weight_apart_is_refused_by_its_own_name() -> None:
    config = read(both(dict(SECRET)))

    with pytest.raises(SharedWeightError, match="cart, search have one weight in common; choose all of them"):
        resolve(config, {"workloads": ["cart"]}, now=NOW)
    assert len(resolve(config, {"workloads": ["cart", "search"]}, now=NOW).workloads) == 2


@pytest.mark.parametrize(("outcome", "blue", "green"), [(Outcome.SUCCEEDED, 0, 100), (Outcome.ROLLED_BACK, 100, 0)])
def test_parameters_that_stay_are_named_with_what_they_say(outcome: Outcome, blue: int, green: int) -> None:
    plan = resolve(read(both(dict(PARAMETER))), {}, now=NOW)
    record = Record(
        migration="m",
        execution="e",
        plan=plan,
        started=NOW,
        baseline=tuple(Baseline(workload=each.name, blue=100, green=0) for each in plan.workloads),
        outcome=outcome,
        rollback_began=NOW if outcome is Outcome.ROLLED_BACK else None,
    )
    team = "of Application argocd/team in"

    assert overrides(record) == ()
    assert overrides(record.with_(wrote=NOW)) == (
        f"ingress.weight={blue} {team} shop-blue",
        f"ingress.weight={green} {team} shop-green",
    )
    assert words(record.with_(wrote=NOW)).startswith("set in Argo CD until Git says it or they are taken away: ")
