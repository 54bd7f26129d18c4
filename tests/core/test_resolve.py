"""What the input of an execution may ask for, and the plan that comes of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Gate, Plan, Timing
from crossfade.core.resolve import read_input, resolve
from crossfade.core.weight import encode
from crossfade.core.workload import Workload
from crossfade.errors import InvalidInputError, PlanExpiredError
from tests.core.documents import NOW, config
from tests.core.test_config_anything import ANYTHING

CONFIG = config()


def refusal(given_: object) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        resolve(CONFIG, given_, now=NOW)
    return str(caught.value).splitlines()


def test_an_empty_input_is_the_default_plan_for_everything() -> None:
    plan = resolve(CONFIG, {}, now=NOW)

    assert plan.name == "standard"
    assert [workload.name for workload in plan.workloads] == ["cart", "search"]
    assert not plan.dry_run


def test_the_plan_holds_all_that_the_configuration_says() -> None:
    plan = resolve(CONFIG, {}, now=NOW)

    assert plan.blue == Cluster(name="shop-blue", region="eu-west-1")
    assert plan.green == Cluster(name="shop-green", region="eu-west-1")
    assert plan.zone == HostedZone(id="Z0EXAMPLE1", name="example.com")
    assert plan.workloads[1] == Workload(
        name="search",
        namespace="shop",
        ingress="search-ingress",
        host="search.example.com",
        router=plan.workloads[1].router,
        alarms=("green-health",),
    )
    assert plan.soak == timedelta(minutes=30)
    assert plan.timing == Timing(poll=timedelta(minutes=1))
    assert plan.not_after == datetime(2026, 6, 30, 16, tzinfo=UTC)


def test_stages_carry_the_weights_of_the_whole_plan() -> None:
    stages = resolve(CONFIG, {}, now=NOW).stages

    assert [stage.share_percent for stage in stages] == [1, 25, 100]
    assert tuple(stage.split for stage in stages) == encode([1, 25, 100])
    assert [stage.bake for stage in stages] == [timedelta(minutes=m) for m in (10, 10, 5)]
    assert [stage.gate for stage in stages] == [Gate.NONE, Gate.APPROVAL, Gate.NONE]


def test_a_preset_becomes_stages() -> None:
    stages = resolve(CONFIG, {"plan": "quick"}, now=NOW).stages

    assert [(stage.share_percent, stage.bake.total_seconds()) for stage in stages] == [(10, 300), (100, 60)]
    assert stages[-1].split.blue == 0


def test_a_plan_survives_its_way_through_the_ledger() -> None:
    plan = resolve(CONFIG, {}, now=NOW)

    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_the_input_may_narrow_the_workloads_in_the_order_of_the_configuration() -> None:
    plan = resolve(CONFIG, {"workloads": ["search"]}, now=NOW)
    both = resolve(CONFIG, {"workloads": ["search", "cart"]}, now=NOW)

    assert [workload.name for workload in plan.workloads] == ["search"]
    assert both.workloads == resolve(CONFIG, {}, now=NOW).workloads


def test_the_input_may_ask_for_a_dry_run() -> None:
    assert resolve(CONFIG, {"dryRun": True}, now=NOW).dry_run


def test_the_reason_is_kept_for_the_timeline() -> None:
    assert read_input(CONFIG, {"reason": "January release"}).reason == "January release"


# --- Not after -------------------------------------------------------------------------------------------------------

LIMIT = datetime(2026, 6, 30, 16, tzinfo=UTC)


def test_a_plan_may_start_at_its_last_instant() -> None:
    assert resolve(CONFIG, {}, now=LIMIT).not_after == LIMIT


def test_a_plan_may_not_start_later() -> None:
    with pytest.raises(PlanExpiredError, match=r"plan standard may not start after 2026-06-30T16:00:00\+00:00"):
        resolve(CONFIG, {}, now=LIMIT + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        pytest.param("2026-02-01T01:00:00+01:00", datetime(2026, 2, 1, tzinfo=UTC), id="the input is earlier"),
        pytest.param("2027-01-01T00:00:00Z", LIMIT, id="the plan is earlier: the input cannot extend it"),
    ],
)
def test_the_earlier_limit_counts(asked: str, counts: datetime) -> None:
    assert resolve(CONFIG, {"notAfter": asked}, now=NOW).not_after == counts


def test_a_plan_without_limit_takes_that_of_the_input() -> None:
    quick = {"plan": "quick", "notAfter": "2026-01-13T08:00:00Z"}

    assert resolve(CONFIG, {"plan": "quick"}, now=NOW).not_after is None
    with pytest.raises(PlanExpiredError):
        resolve(CONFIG, quick, now=NOW)


# --- Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param([], "input: must be a JSON object; start with {}", id="a list"),
        pytest.param(None, "input: must be a JSON object; start with {}", id="null"),
        pytest.param("", "input: must be a JSON object; start with {}", id="text"),
        pytest.param({"cluster": "c"}, "input.cluster: is not a key here; remove it", id="a cluster of its own"),
        pytest.param({"dryrun": True}, "input.dryrun: is not a key here; did you mean dryRun?", id="a typo"),
        pytest.param({"dry_run": True}, "input.dry_run: is not a key here; did you mean dryRun?", id="snake case"),
        pytest.param({"dryRun": "true"}, "input.dryRun: must be true or false", id="true as text"),
        pytest.param({"plan": "slow"}, "input.plan: there is no plan 'slow'; use one of standard, quick", id="plan"),
        pytest.param({"plan": ""}, "input.plan: there is no plan ''; use one of standard, quick", id="empty plan"),
        pytest.param({"plan": 1}, "input.plan: must be text", id="plan as number"),
        pytest.param({"workloads": []}, "input.workloads: must have at least one entry", id="no workload"),
        pytest.param({"workloads": "cart"}, "input.workloads: must be a list", id="workloads as text"),
        pytest.param(
            {"workloads": ["basket"]},
            "input.workloads[0]: there is no workload 'basket'; use some of cart",
            id="unknown",
        ),
        pytest.param({"workloads": ["cart", "cart"]}, "input.workloads[1]: 'cart' stands here twice", id="twice"),
        pytest.param({"notAfter": "2026-02-01T00:00:00"}, "input.notAfter: '2026-02-01T00:00:00' has no", id="no zone"),
        pytest.param({"notAfter": "tomorrow"}, "input.notAfter: 'tomorrow' is not an instant", id="tomorrow"),
        pytest.param({"reason": "a\nb"}, "input.reason: 'a\\nb' must be one line", id="reason of two lines"),
        pytest.param({"reason": "x" * 501}, "input.reason: ", id="a novel"),
    ],
)
def test_a_fault_of_the_input_is_refused_in_one_line(asked: object, words: str) -> None:
    lines = refusal(asked)

    assert len(lines) == 1
    assert words in lines[0]


def test_all_faults_of_the_input_are_told_at_once() -> None:
    asked = {"plan": "slow", "workloads": ["cart", "basket", "cart"], "dryRun": 1, "host": "x", "notAfter": "2026"}

    assert [line.partition(":")[0] for line in refusal(asked)] == [
        "input.dryRun",
        "input.notAfter",
        "input.host",
        "input.plan",
        "input.workloads[1]",
        "input.workloads[2]",
    ]


@given(
    asked=ANYTHING | st.dictionaries(st.sampled_from(["plan", "workloads", "dryRun", "notAfter", "reason"]), ANYTHING)
)
def test_no_input_breaks_the_resolver(asked: object) -> None:
    try:
        plan = resolve(CONFIG, asked, now=NOW)
    except (InvalidInputError, PlanExpiredError) as error:
        assert str(error).startswith(("input", "plan "))  # noqa: PT017 - either answer is right
    else:
        assert plan.stages[-1].split.blue == 0


def test_who_starts_it_is_read_as_one_line() -> None:
    assert read_input(CONFIG, {"startedBy": "schedule tuesday"}).started_by == "schedule tuesday"
    with pytest.raises(InvalidInputError, match=r"input.startedBy: .*must be one line"):
        read_input(CONFIG, {"startedBy": "two\nlines"})
