"""What a configuration may say of request rates and of a budget of failed requests."""

import pytest

from crossfade.core.config import Config
from tests.core.documents import Where, changed, config, faults

CHEAP: tuple[Where, object] = (("plans", "standard", "budget"), {"failedRequests": 10})
BUSY: list[tuple[Where, object]] = [(("workloads", index, "requestsPerSecond"), 500) for index in (0, 1)]


def test_a_configuration_with_a_plan_over_its_budget_is_refused() -> None:
    (fault,) = faults(changed(CHEAP, *BUSY))

    assert fault.startswith("plans.standard.budget.failedRequests: is exceeded: up to 4,")
    assert fault.endswith("lower the first share, lengthen the first bakes or raise the budget")


def test_a_budget_is_not_held_against_rates_that_nobody_knows() -> None:
    assert faults(changed(CHEAP)) == []
    assert faults(changed(CHEAP, BUSY[0])) == []


def test_a_budget_that_is_kept_is_no_fault() -> None:
    assert faults(changed((("plans", "standard", "budget"), {"failedRequests": 5_000}), *BUSY)) == []


def test_a_budget_for_a_plan_that_no_alarm_can_judge_is_refused() -> None:
    blind = {"stages": [{"share": 100, "bake": "1s"}], "soak": "0s", "budget": {"failedRequests": 10**6}}

    assert "cannot be kept: the plan is over before" in faults(changed((("plans", "quick"), blind), *BUSY))[0]


@pytest.mark.parametrize(
    ("where", "value", "fault"),
    [
        pytest.param(
            ("workloads", 0, "requestsPerSecond"),
            0,
            "workloads[0].requestsPerSecond: must be greater than 0",
            id="no traffic",
        ),
        pytest.param(
            ("workloads", 0, "requestsPerSecond"),
            "500",
            "workloads[0].requestsPerSecond: must be a number such as 10, without quotes or %",
            id="text",
        ),
        pytest.param(
            ("plans", "standard", "budget"),
            {"failedRequests": 0},
            "plans.standard.budget.failedRequests: must be greater than 0",
            id="no failed request",
        ),
        pytest.param(
            ("plans", "standard", "budget"),
            {"failedRequests": 1.5},
            "plans.standard.budget.failedRequests: must be a whole number such as 1000, without quotes",
            id="half a request",
        ),
        pytest.param(
            ("plans", "standard", "budget"),
            {"failed": 1},
            "plans.standard.budget.failed: is not a key here",
            id="unknown key",
        ),
    ],
)
def test_rates_and_budgets_are_refused_in_words(where: Where, value: object, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(changed((where, value))))


def test_rates_survive_the_canonical_form_and_reach_the_plan() -> None:
    read = Config.from_json(config(*BUSY).to_json())

    assert read.plan("standard").requests_per_second == {"cart": 500, "search": 500}
    assert config(BUSY[0]).plan("standard").requests_per_second is None
