"""Who set a field last: as the API server of the embedded world, and a real one, write it down."""

from typing import Any

import pytest

from crossfade.adapters.field_managers import last_hand

WEIGHT = "external-dns.alpha.kubernetes.io/aws-weight"
PATH = ("metadata", "annotations", WEIGHT)


def entry(manager: str, at: str | None, *annotations: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"f:metadata": {"f:annotations": {".": {}} | {f"f:{key}": {} for key in annotations}}}
    return {"manager": manager, "operation": "Update", "fieldsV1": fields} | ({"time": at} if at else {})


def an_object(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("entries", "hand"),
    [
        ([], ""),
        ([entry("kubectl-edit", "2026-03-01T02:00:00Z", "another")], ""),
        ([entry("kubectl-edit", "2026-03-01T02:00:00Z", WEIGHT)], "kubectl-edit at 2026-03-01T02:00:00Z"),
        ([entry("argocd-controller", None, WEIGHT)], "argocd-controller"),
        (
            [entry("crossfade", "2026-03-01T01:00:00Z", WEIGHT), entry("helm", "2026-03-01T02:00:00Z", WEIGHT)],
            "helm at 2026-03-01T02:00:00Z",
        ),
        ([entry("helm", "2026-03-01T01:00:00Z", WEIGHT), entry("crossfade", "2026-03-01T02:00:00Z", WEIGHT)], ""),
    ],
    ids=["nobody", "of another field", "one", "without a time", "somebody after us", "us after somebody"],
)
def test_the_last_hand_on_a_field_is_told_unless_it_is_ours(entries: list[dict[str, Any]], hand: str) -> None:
    assert last_hand(an_object(*entries), [PATH]) == hand


def test_an_object_without_managed_fields_tells_nobody() -> None:
    assert last_hand({"metadata": {}}, [PATH]) == ""
