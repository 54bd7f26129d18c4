"""What Amazon EKS says of upgrading a cluster, as its API shows it.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeInsight.html.
"""

from typing import Any


def an_insight(name: str, status: str = "PASSING", reason: str = "") -> dict[str, Any]:
    """An insight of the category UPGRADE_READINESS."""
    return {
        "id": name.lower().replace(" ", "-"),
        "name": name,
        "category": "UPGRADE_READINESS",
        "kubernetesVersion": "1.32",
        "description": f"Checks for {name.lower()}.",
        "insightStatus": {"status": status, "reason": reason},
    }
