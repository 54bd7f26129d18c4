"""What a configuration may ask of the requests themselves, and what it has without asking."""

import pytest

from crossfade.core.config import Config
from crossfade.core.series import Sample
from crossfade.core.statistics import Count
from tests.core.documents import changed, config, faults
from tests.core.looks import AT_100, UNHEALTHY, flow, look
from tests.steps.scene import T0


def test_a_configuration_without_evidence_has_the_defaults() -> None:
    plan = config().plan("standard")

    assert (plan.evidence.tolerated, plan.evidence.excess, plan.evidence.requests) == (0.01, 0.001, 300)


def test_a_configuration_may_ask_for_other_evidence_and_keeps_it_in_its_canonical_form() -> None:
    asked = {"maxErrorRate": 0.5, "maxExcess": 0.2, "minRequests": 50}
    read = config((("evidence",), asked))
    plan = Config.from_json(read.to_json()).plan("standard")

    assert (plan.evidence.tolerated, plan.evidence.excess, plan.evidence.requests) == (0.005, 0.002, 50)


@pytest.mark.parametrize(
    ("key", "value"),
    [("maxErrorRate", 0), ("maxErrorRate", 51), ("maxExcess", -1), ("minRequests", 0), ("minRequests", 1.5)],
)
def test_what_cannot_be_asked_is_refused(key: str, value: float) -> None:
    assert any(f"evidence.{key}" in fault for fault in faults(changed((("evidence",), {key: value}))))


def test_a_misspelt_question_is_refused() -> None:
    assert any("maxErrorRates" in fault for fault in faults(changed((("evidence",), {"maxErrorRates": 1}))))


def test_what_a_way_back_is_decided_on_is_told_from_the_first_write_on() -> None:
    found = look(flow(Sample(1_000), Sample(40, 12), 2, begin=T0))

    assert found.verdict.health is UNHEALTHY
    assert (found.examined[0].green, found.examined[0].blue) == (Count(), Count())
    assert found.examined[0].green_since_write == Count(80, 24)
    assert found.examined[0].blue_since_write == Count(2_000)
    data = found.to_data()["workloads"]["burnham"]
    assert (data["green_failed"], data["green_requests"]) == (24, 80)  # not the zeros of before the weights were shown


def test_a_blue_without_requests_is_not_called_none_of_none() -> None:
    found = look(flow(Sample(), Sample(1_000, 300), 4), stage=AT_100)

    assert found.verdict.reason.endswith("1,200 of 4,000 requests on green, none on blue")
