"""The upgrade insights of a cluster: those that do not pass, with what Amazon recommends."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from crossfade.adapters.insights import Insights
from crossfade.core.facts import InsightFacts
from crossfade.core.places import Cluster
from crossfade.errors import RouterObjectMissingError, RouterThrottledError

GREEN = Cluster(name="green", region="eu-west-1")
WANTED = {"clusterName": "green", "filter": {"categories": ["UPGRADE_READINESS"], "statuses": ["WARNING", "ERROR"]}}
BAD = {
    "id": "one",
    "name": "Deprecated APIs",
    "category": "UPGRADE_READINESS",
    "kubernetesVersion": "1.32",
    "insightStatus": {"status": "ERROR", "reason": "used lately"},
}


@pytest.fixture
def stubbed() -> Iterator[tuple[Insights, Stubber]]:
    once = Config(retries={"total_max_attempts": 1})
    client: Any = boto3.client(
        "eks", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="s", config=once
    )
    with Stubber(client) as stub:
        yield Insights({"eu-west-1": client}), stub


def test_what_does_not_pass_is_described(stubbed: tuple[Insights, Stubber]) -> None:
    insights, stub = stubbed
    stub.add_response("list_insights", {"insights": [BAD]}, WANTED)
    described = {"insight": {**BAD, "recommendation": "use newer ones"}}
    stub.add_response("describe_insight", described, {"clusterName": "green", "id": "one"})

    assert insights.read(GREEN) == (InsightFacts("Deprecated APIs", "1.32", "ERROR", "used lately", "use newer ones"),)


def test_every_page_is_read(stubbed: tuple[Insights, Stubber]) -> None:
    insights, stub = stubbed
    stub.add_response("list_insights", {"insights": [], "nextToken": "more"}, WANTED)
    stub.add_response("list_insights", {"insights": []}, {**WANTED, "nextToken": "more"})

    assert insights.read(GREEN) == ()


def test_what_may_not_be_read_is_not_taken_for_good(stubbed: tuple[Insights, Stubber]) -> None:
    insights, stub = stubbed
    stub.add_client_error("list_insights", "AccessDeniedException", http_status_code=403)

    assert insights.read(GREEN) is None


@pytest.mark.parametrize(
    ("code", "error"),
    [("ResourceNotFoundException", RouterObjectMissingError), ("ThrottlingException", RouterThrottledError)],
)
def test_other_faults_are_those_of_every_adapter(
    stubbed: tuple[Insights, Stubber], code: str, error: type[Exception]
) -> None:
    insights, stub = stubbed
    stub.add_client_error("list_insights", code)

    with pytest.raises(error, match="green"):
        insights.read(GREEN)
