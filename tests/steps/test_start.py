"""Before the first write: the lease, the preflight, the baseline."""

import pytest

from crossfade.core.verdict import AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Identifiers, Router
from crossfade.errors import LeaseHeldError, PreflightFailedError, RouterUnavailableError, SupersededError
from crossfade.steps.resolve_plan import resolve_plan
from crossfade.steps.tasks import StartTask
from tests.core.documents import NOW, config
from tests.fakes import InMemoryLedger
from tests.steps.scene import EXECUTION, Scene, a_plan


def test_a_lease_has_an_epoch_and_is_the_same_when_asked_again() -> None:
    scene = Scene().leased()
    first = scene.epoch

    scene.leased()

    assert scene.epoch == first >= 1


def test_a_second_migration_of_a_host_does_not_get_the_lease() -> None:
    scene = Scene().leased()
    other = Scene(ledger=scene.ledger, migration="another", execution=scene.execution + "-2")

    with pytest.raises(LeaseHeldError, match="tonight"):
        other.leased()


def test_a_healthy_estate_passes_the_preflight() -> None:
    scene = Scene().leased()

    answer = scene.preflight()

    assert answer["reason"] == f"{answer['checks']} checks passed, the way back was rehearsed"
    assert scene.ledger.timeline("tonight")[-1].data["warnings"] == []


def test_a_missing_alarm_and_a_firing_one_are_named_in_one_refusal() -> None:
    scene = Scene().leased()
    scene.alarms.set("green-burnham-5xx", AlarmState.MISSING)
    scene.alarms.set("green-yelb-5xx", AlarmState.ALARM, "3 datapoints")

    with pytest.raises(PreflightFailedError) as refused:
        scene.preflight()

    assert "green-burnham-5xx: does not exist" in str(refused.value)
    assert "green-yelb-5xx: is already in ALARM (3 datapoints)" in str(refused.value)
    assert scene.written() == []


def test_an_alarm_without_data_may_start_because_green_has_no_traffic_yet() -> None:
    scene = Scene().leased()
    scene.alarms.set("green-burnham-5xx", AlarmState.INSUFFICIENT_DATA)

    assert "1 with a warning" in str(scene.preflight()["reason"])
    assert "green-burnham-5xx: has no data yet" in str(scene.ledger.timeline("tonight")[-1].data["warnings"])


@pytest.mark.parametrize(
    ("side", "declared", "shown", "words"),
    [
        pytest.param(Side.GREEN, None, None, "green carries no readable weight", id="an absent weight is not 0"),
        pytest.param(Side.GREEN, 0, None, "green has no weight that users get", id="a record that does not exist"),
        pytest.param(Side.GREEN, 10, 10, "green already has weight 10", id="green already has users"),
        pytest.param(Side.BLUE, 0, 0, "blue has weight 0", id="blue has no users"),
        pytest.param(Side.BLUE, 90, 100, "annotated with 90 but Route 53 has 100", id="a controller that lags"),
    ],
)
def test_weights_that_are_no_safe_baseline_are_refused(
    side: Side, declared: int | None, shown: int | None, words: str
) -> None:
    scene = Scene().leased()
    scene.router.by_hand("burnham", side, declared)
    scene.router.show("burnham", side, shown)

    with pytest.raises(PreflightFailedError, match=words):
        scene.preflight()


def test_a_rollback_that_could_not_be_written_is_refused_before_the_start() -> None:
    scene = Scene().leased()
    scene.router.refusals = ("burnham: blue refuses the rollback patch; grant patch on ingresses",)

    with pytest.raises(PreflightFailedError, match="grant patch"):
        scene.preflight()


def test_a_second_way_back_that_would_not_work_is_refused_before_the_start() -> None:
    scene = Scene().leased()
    scene.rescue.refusals = ("burnham: Route 53 protects it from every change; delete that protection",)

    with pytest.raises(PreflightFailedError, match="delete that protection"):
        scene.preflight()
    assert scene.rescue.rehearsed == ["burnham", "yelb"]


def test_workloads_whose_records_are_written_anyway_have_no_second_way_back() -> None:
    plan = a_plan()
    direct = {"router": Router.ROUTE53, "identifiers": Identifiers(blue="blue", green="green")}
    workloads = tuple(workload.model_copy(update=direct) for workload in plan.workloads)
    scene = Scene(plan=plan.model_copy(update={"workloads": workloads})).leased()

    assert "with a warning" in str(scene.preflight()["reason"])
    assert scene.rescue.rehearsed == []


def test_a_cluster_that_does_not_answer_is_asked_again_not_judged() -> None:
    scene = Scene().leased()
    scene.router.unreachable.add(Side.GREEN)

    with pytest.raises(RouterUnavailableError):
        scene.preflight()


def test_the_baseline_is_stored_before_the_first_write_and_stands_when_asked_again() -> None:
    scene = Scene().leased()
    scene.record_baseline()
    scene.moved(0)

    scene.record_baseline()

    assert {(at.workload, at.blue, at.green) for at in scene.record.baseline} == {
        ("burnham", 100, 0),
        ("yelb", 100, 0),
    }


def test_a_baseline_that_changed_since_the_preflight_is_refused() -> None:
    scene = Scene().leased()
    scene.preflight()
    scene.router.by_hand("yelb", Side.GREEN, 7)
    scene.router.propagate()

    with pytest.raises(PreflightFailedError, match="green already has weight 7"):
        scene.record_baseline()


def test_a_run_without_its_lease_may_not_act() -> None:
    scene = Scene().leased()
    scene.ledger.release(scene.plan.lease_units, epoch=scene.epoch)

    with pytest.raises(SupersededError):
        scene.preflight()


def test_a_dry_run_ends_after_the_preflight_with_the_lease_given_back_and_nothing_written() -> None:
    scene = Scene(plan=a_plan(dry_run=True)).leased()
    scene.preflight()

    progress = scene.complete()

    assert progress.result is not None
    assert progress.result["outcome"] == "DryRun"
    assert not scene.ledger.holds(scene.plan.lease_units, epoch=scene.epoch)
    assert scene.written() == []


def test_who_started_it_and_why_is_on_record_from_the_first_moment() -> None:
    ledger = InMemoryLedger()
    given = {"startedBy": "schedule weekly", "reason": "1.33 on green"}
    task = StartTask(migration="tonight", execution=EXECUTION, now=NOW, started=NOW, input=given)

    resolve_plan(config(), ledger, task)

    record = ledger.load("tonight")
    assert record is not None
    assert (record.started_by, record.purpose) == ("schedule weekly", "1.33 on green")
    assert ledger.timeline("tonight")[0].data == {"started_by": "schedule weekly", "purpose": "1.33 on green"}
