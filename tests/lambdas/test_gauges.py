"""What the dashboard draws: written and observed share and both sides' failures, of every workload."""

import json
from typing import Any

import pytest

from crossfade.core.weight import Split
from crossfade.names import METRIC_NAMESPACE, SERVICE
from crossfade.steps.check_health import check_health
from crossfade.steps.tasks import HealthTask
from lambdas.gauges import publish
from tests.steps.scene import EXECUTION, NAMES, Scene

Json = dict[str, Any]


def drawn(scene: Scene, capsys: pytest.CaptureFixture[str]) -> list[Json]:
    task = HealthTask(migration=scene.migration, execution=EXECUTION, now=scene.now, epoch=scene.epoch, stage=0)
    given = (scene.ledger, scene.alarms, scene.metrics, scene.notifier)
    capsys.readouterr()
    check_health(*given, task, probe=scene.probe, authority=scene.rescue, show=publish)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def test_the_stage_is_drawn_and_each_workload_with_its_shares_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene().ready().moved(0)
    scene.pass_time(10 * 60)

    stage, *workloads = drawn(scene, capsys)

    assert stage["Stage"] == [1]
    assert [each["workload"] for each in workloads] == list(NAMES)
    for each in workloads:
        assert each["service"] == SERVICE
        assert each["_aws"]["CloudWatchMetrics"][0]["Namespace"] == METRIC_NAMESPACE
        assert sorted(each["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == ["service", "workload"]
        assert each["WrittenShare"] == [Split(19, 1).share_percent]
        assert each["ObservedShare"][0] == pytest.approx(Split(19, 1).share_percent, abs=0.1)
        assert each["GreenErrorRate"] == each["BlueErrorRate"] == [0]


def test_what_nobody_knows_yet_is_not_drawn_as_zero(capsys: pytest.CaptureFixture[str]) -> None:
    scene = Scene().ready().moved(0)

    _stage, first, *_ = drawn(scene, capsys)

    assert "WrittenShare" in first
    assert "ObservedShare" not in first
