"""The report is written when a migration has ended, and not before; what cannot be read is missing, not fatal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from crossfade.adapters.dynamodb_ledger import DynamoLedger
from crossfade.core.record import Outcome, Record
from crossfade.core.timeline import Event
from crossfade.names import Env
from lambdas import report
from tests.contracts.estate import REGION
from tests.core.documents import config
from tests.steps.scene import EXECUTION, T0, a_plan

ENDED = {"time": "2026-03-01T03:00:00Z", "detail": {"name": "tonight", "status": "FAILED"}}
OURS = {"time": "2026-03-01T03:00:00Z", "detail": {"migration": "tonight", "change": "rolled_back"}}


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DynamoLedger]:
    deployed = tmp_path / "crossfade.json"
    deployed.write_text(config().to_json(), encoding="utf-8")
    monkeypatch.setenv(Env.CONFIG_FILE, str(deployed))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv(Env.TABLE, "ledger-of-reports")
    monkeypatch.setenv(Env.TOPIC_ARN, "arn:aws:sns:eu-west-1:123456789012:notices")
    monkeypatch.setenv(Env.REPORTS, "evidence")
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        dynamodb.create_table(
            TableName="ledger-of-reports",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        place = {"LocationConstraint": REGION}
        boto3.client("s3", region_name=REGION).create_bucket(Bucket="evidence", CreateBucketConfiguration=place)
        yield DynamoLedger(dynamodb, table="ledger-of-reports")


def in_the_bucket() -> dict[str, Any]:
    s3 = boto3.client("s3", region_name=REGION)
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket="evidence").get("Contents", [])]
    return {key: s3.get_object(Bucket="evidence", Key=key) for key in keys}


def a_record(**changes: Any) -> Record:
    return Record(migration="tonight", execution=EXECUTION, plan=a_plan(), started=T0).with_(**changes)


@pytest.mark.parametrize("event", [ENDED, OURS], ids=["of Step Functions", "of ours"])
def test_an_ended_migration_leaves_a_page_and_its_data(ledger: DynamoLedger, event: dict[str, Any]) -> None:
    ledger.open(a_record(outcome=Outcome.REFUSED, ended=T0, reason="nothing was changed", started_by="ann"))
    ledger.append("tonight", Event(T0, "started", "plan standard"))

    answer = report.handler(event, None)

    found = in_the_bucket()
    assert answer == {"report": "s3://evidence/migrations/tonight/report.html"}
    assert set(found) == {"migrations/tonight/report.html", "migrations/tonight/report.json"}
    assert found["migrations/tonight/report.html"]["ContentType"].startswith("text/html")
    data = json.loads(found["migrations/tonight/report.json"]["Body"].read())
    assert (data["outcome"], data["started_by"], data["environment"]) == ("Refused", "ann", "aws")


def test_what_the_guardian_still_restores_is_not_reported_yet(ledger: DynamoLedger) -> None:
    ledger.open(a_record())

    assert report.handler(ENDED, None) == {}
    assert in_the_bucket() == {}


def test_what_never_had_a_plan_has_no_report(ledger: DynamoLedger) -> None:
    del ledger

    assert report.handler(ENDED, None) == {}
