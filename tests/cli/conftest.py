"""A deployed Crossfade as the command line finds it: a stack with outputs, a ledger, a state machine; on moto."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.cli.app import main
from crossfade.core.plan import Gate, Plan
from crossfade.core.record import Baseline, Record
from crossfade.names import MACHINE_OUTPUT, REPORTS_OUTPUT, TABLE_OUTPUT
from tests.steps.scene import NAMES, a_plan

REGION = "eu-west-1"
TABLE = "Ledger"
REPORTS = "evidence"
ME = "arn:aws:sts::123456789012:user/moto"
"""Whoever runs the commands, as moto names them."""
MINUTE = timedelta(minutes=1)

_IDLE = {"StartAt": "Idle", "States": {"Idle": {"Type": "Wait", "Seconds": 60, "End": True}}}
_ROLE = "arn:aws:iam::123456789012:role/machine"


@dataclass
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as the shell does."""

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr("sys.argv", ["crossfade", *arguments])
        code = 0
        try:
            main()
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return call


@dataclass
class Deployed:
    """Crossfade in an account, and what a test does to its migrations."""

    machine_arn: str
    ledger: DynamoLedger
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def start(self, name: str) -> str:
        arn: str = self._stepfunctions.start_execution(stateMachineArn=self.machine_arn, name=name)["executionArn"]
        return arn

    def stop(self, name: str) -> None:
        """Somebody stops the execution in the console."""
        arn = self.machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
        self._stepfunctions.stop_execution(executionArn=arn)

    def inputs(self, name: str) -> Any:
        arn = self.machine_arn.replace(":stateMachine:", ":execution:") + f":{name}"
        return json.loads(self._stepfunctions.describe_execution(executionArn=arn)["input"])

    def migration(self, name: str = "tonight", *, plan: Plan | None = None, **changes: Any) -> Record:
        """A migration that runs and is in the ledger, with *changes*."""
        fresh = Record(migration=name, execution=self.start(name), plan=plan or gated(), started=self.now - 60 * MINUTE)
        record = self.ledger.open(fresh)
        return self.ledger.save(record.with_(**changes)) if changes else record

    def baking(self, name: str = "tonight", **changes: Any) -> Record:
        """A migration whose second stage is being watched."""
        return self.migration(
            name,
            plan=changes.pop("plan", None),
            **{"stage": 1, "bake_began": self.now - MINUTE, "baseline": BASELINE, **changes},
        )

    @property
    def _stepfunctions(self) -> Any:
        return boto3.client("stepfunctions", region_name=REGION)


BASELINE = tuple(Baseline(workload=name, blue=100, green=0) for name in NAMES)


def gated() -> Plan:
    """A plan whose second stage waits for approval."""
    plan = a_plan()
    second = plan.stages[1].model_copy(update={"gate": Gate.APPROVAL})
    return plan.model_copy(update={"stages": (plan.stages[0], second, *plan.stages[2:])})


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS account without anything in it, and an environment that leads there and nowhere else."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with mock_aws():
        monkeypatch.setenv("AWS_REGION", REGION)
        yield


@pytest.fixture
def deployed(account: None) -> Deployed:
    del account
    stepfunctions = boto3.client("stepfunctions", region_name=REGION)
    machine_arn = stepfunctions.create_state_machine(name="Machine", definition=json.dumps(_IDLE), roleArn=_ROLE)[
        "stateMachineArn"
    ]
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
    )
    boto3.client("s3", region_name=REGION).create_bucket(
        Bucket=REPORTS, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    _stack("Crossfade", {MACHINE_OUTPUT: machine_arn, TABLE_OUTPUT: TABLE, REPORTS_OUTPUT: REPORTS})
    return Deployed(machine_arn, DynamoLedger(dynamodb, table=TABLE))


def _stack(name: str, outputs: dict[str, str]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    boto3.client("cloudformation", region_name=REGION).create_stack(StackName=name, TemplateBody=json.dumps(template))


@pytest.fixture
def another_stack(account: None) -> str:
    """The name of a stack that is not Crossfade's."""
    del account
    _stack("Website", {"Url": "https://www.example.com"})
    return "Website"
