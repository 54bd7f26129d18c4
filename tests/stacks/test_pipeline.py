"""A migration as an action of a pipeline: what the template says, and that nothing in it is found wanting."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_codepipeline_actions as actions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

from stacks.pipeline import Migration, PipelineStack
from stacks.synth import new_app, template
from tests.stacks.reading import permissions, properties

pytestmark = pytest.mark.xdist_group("stacks")
Json = dict[str, Any]
MACHINE = "arn:aws:states:eu-west-1:111122223333:stateMachine:Crossfade"
HERE = cdk.Environment(account="111122223333", region="eu-west-1")


def action_of(made: Json, name: str = "Migrate") -> Json:
    (pipeline,) = properties(made, "AWS::CodePipeline::Pipeline")
    found: list[Json] = [action for stage in pipeline["Stages"] for action in stage["Actions"]]
    (action,) = (each for each in found if each["Name"] == name)
    return action


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    app = new_app(out_dir=tmp_path_factory.mktemp("pipeline"), check=True)
    PipelineStack(app, "Pipeline", machine_arn=MACHINE, env=HERE, description="An example.")
    return Path(app.synth().directory)


def test_the_example_reads_its_input_from_the_source_and_names_the_migration_after_itself(example: Path) -> None:
    action = action_of(dict(template(example, "Pipeline")))

    assert action["ActionTypeId"]["Provider"] == "StepFunctions"
    assert action["Configuration"] == {
        "StateMachineArn": MACHINE,
        "Input": "Source::migration.json",
        "InputType": "FilePath",
        "ExecutionNamePrefix": "pipeline",
    }
    assert (action["InputArtifacts"], action["OutputArtifacts"]) == ([{"Name": "Source"}], [{"Name": "Migration"}])


def test_the_example_says_where_its_input_goes(example: Path) -> None:
    assert list(template(example, "Pipeline")["Outputs"]) == ["SourceBucketName"]


def test_a_newer_start_waits_and_overtakes_nothing(example: Path) -> None:
    (pipeline,) = properties(dict(template(example, "Pipeline")), "AWS::CodePipeline::Pipeline")

    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")


def test_the_pipeline_may_start_one_machine_and_look_at_its_own_executions(example: Path) -> None:
    allowed = permissions(dict(template(example, "Pipeline")), "PipelineRole")

    assert allowed["states:StartExecution"] == [MACHINE]
    assert allowed["states:DescribeExecution"] == [MACHINE.replace("stateMachine", "execution") + ":pipeline*"]


def test_nothing_is_found_in_the_example(example: Path) -> None:
    report = json.loads((example / "validation-report.json").read_text())

    assert [violation for plugin in report["pluginReports"] for violation in plugin["violations"]] == []


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Json]:
    """Somebody's own pipeline with a migration in it."""

    def make(**asked: Any) -> Json:
        app = new_app(out_dir=tmp_path, check=False)
        stack = cdk.Stack(app, "Own", env=HERE)
        machine = sfn.StateMachine.from_state_machine_arn(stack, "Machine", MACHINE)
        source = codepipeline.Artifact("Source")
        pipeline = codepipeline.Pipeline(stack, "Pipeline", pipeline_type=codepipeline.PipelineType.V2)
        bucket = s3.Bucket(stack, "Bucket")
        fetch = actions.S3SourceAction(action_name="Fetch", bucket=bucket, bucket_key="x.zip", output=source)
        pipeline.add_stage(stage_name="Source", actions=[fetch])
        pipeline.add_stage(stage_name="Users", actions=[Migration(machine=machine, pipeline="release", **asked)])
        app.synth()
        return dict(template(tmp_path, "Own"))

    return make


def test_a_plan_may_be_chosen_in_the_pipeline_which_says_who_it_is(own: Callable[..., Json]) -> None:
    configuration = action_of(own(plan="careful", reason="release 42"))["Configuration"]

    assert json.loads(configuration["Input"]) == {
        "plan": "careful",
        "reason": "release 42",
        "startedBy": "pipeline release",
    }


def test_without_a_plan_the_deployed_default_runs(own: Callable[..., Json]) -> None:
    assert json.loads(action_of(own())["Configuration"]["Input"]) == {"startedBy": "pipeline release"}
