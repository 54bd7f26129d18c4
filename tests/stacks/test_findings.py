"""What cdk-nag and cfn-lint find in the templates, and why each acknowledged finding is right."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crossfade.names import Function
from stacks.asset import ROOT
from tests.stacks.test_grants import ALARMS, GOLDEN, WEIGHTS, title

pytestmark = pytest.mark.xdist_group("stacks")

X_RAY = "X-Ray's PutTraceSegments has no resource to name."
X_RAY_AND_ALARMS = "Neither X-Ray's PutTraceSegments nor DescribeAlarms of composite alarms has a resource to name."
MACHINE = "X-Ray and the log delivery API (logs:CreateLogDelivery and its family) have no resource to name."
QUEUE = "This is the dead-letter queue itself."
NAMES = "Executions of this one state machine; each gets its name when it starts."
PARAMETERS = "The weights of record in this one zone; each exact name would fill the policy."
ACKNOWLEDGED = [
    *(
        (
            f"Crossfade/Functions/{title(function)}/Role",
            "IAM5[Resource::arn:aws:ssm:eu-west-1:<AWS::AccountId>:parameter/crossfade/estate.example.com/*]",
            PARAMETERS,
        )
        for function in Function
        if WEIGHTS.items() <= GOLDEN[function].items()
    ),
    *(
        (
            f"Crossfade/Functions/{title(function)}/Role",
            "IAM5[Resource::*]",
            X_RAY_AND_ALARMS if ALARMS.items() <= GOLDEN[function].items() else X_RAY,
        )
        for function in Function
    ),
    (
        "Crossfade/Functions/Guardian/Role",
        "IAM5[Resource::arn:aws:states:eu-west-1:<AWS::AccountId>:execution:<Machine.Name>:*]",
        NAMES,
    ),
    (
        "Crossfade/Functions/Report/Role",
        "IAM5[Resource::<ReportsBucket.Arn>/migrations/*]",
        "Reports in this one bucket; each gets its name when its migration starts.",
    ),
    ("Crossfade/Guardian/DeadLetters", "SQS3", QUEUE),
    ("Crossfade/ReportRules/DeadLetters", "SQS3", QUEUE),
    (
        "Crossfade/Reports/Bucket",
        "S1",
        "Access logs would need a second bucket; CloudTrail data events tell more.",
    ),
    ("Crossfade/Machine/Machine/Role", "IAM5[Resource::*]", MACHINE),
    ("Crossfade/Schedules/DeadLetters", "SQS3", QUEUE),
]


def test_nothing_is_found_that_is_not_acknowledged(checked: Path) -> None:
    report = json.loads((checked / "validation-report.json").read_text())
    found = [violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]]

    assert "AwsSolutions" in {plugin["pluginName"] for plugin in report["pluginReports"]}
    assert found == []


def test_every_acknowledgment_is_listed_here_with_its_reason(checked: Path) -> None:
    report = json.loads((checked / "validation-report.json").read_text())
    acknowledged = {
        (finding["acknowledgedAt"], _rule(finding["acknowledgedId"]), finding["reason"])
        for plugin in report["pluginReports"]
        for finding in plugin.get("suppressedViolations", ())
    }

    assert sorted(acknowledged) == sorted(ACKNOWLEDGED)


def _rule(acknowledged_id: str) -> str:
    """The rule without the pack's name, and without the hash in a logical id."""
    return re.sub(r"[0-9A-F]{8}\.", ".", acknowledged_id).removeprefix("AwsSolutions::AwsSolutions-")


def test_cfn_lint_finds_nothing(synthesized: Path) -> None:
    templates = [str(path) for path in sorted(synthesized.glob("*.template.json"))]

    linted = subprocess.run(  # noqa: S603  # our own tool on our own files
        [Path(sys.executable).with_name("cfn-lint"), *templates], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert linted.stdout + linted.stderr == ""
    assert linted.returncode == 0
