"""The JSON Schema that editors use says what the models say."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crossfade.core.config import json_schema
from tests.core.documents import REMOVED, Where, changed, valid
from tools import schema

ROOT = Path(__file__).resolve().parents[2]


def is_valid(document: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema()).is_valid(document))


def test_the_shipped_schema_is_the_generated_one() -> None:
    shipped = (ROOT / "crossfade.schema.json").read_text(encoding="utf-8")

    assert shipped == schema.text(), "the models have changed; run: .venv/bin/python -m tools.schema"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_every_key_is_described() -> None:
    parts = json_schema()["$defs"].values()
    keys = [key for part in parts for key in part.get("properties", {}).values()]

    assert keys
    assert all("description" in key for key in keys)


def test_defaults_are_written_as_people_write_them() -> None:
    timing = json_schema()["$defs"]["TimingConfig"]["properties"]

    assert timing["settle"]["default"] == "1m15s"
    assert "PT" not in json.dumps(json_schema())


def test_a_valid_document_is_valid_for_editors_too() -> None:
    assert is_valid(valid())


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("colour",), "blue"),
        (("version",), 2),
        (("clusters", "green"), REMOVED),
        (("hostedZone", "id"), "/hostedzone/Z0EXAMPLE1"),
        (("workloads",), []),
        (("workloads", 0, "host"), "Cart.example.com"),
        (("workloads", 0, "router"), "istio"),
        (("workloads", 0, "alarms"), ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a"]),
        (("plans", "quick", "preset"), "Canary"),
        (("plans", "quick", "stages"), [{"share": 100, "bake": "5m"}]),
        (("plans", "standard", "stages", 0, "share"), 0),
        (("plans", "standard", "stages", 0, "bake"), "ten minutes"),
        (("plans", "standard", "stages", 0, "bake"), ""),
        (("triggers", "schedules", 0, "expression"), "xrate(7 days)"),
    ],
)
def test_editors_mark_what_one_look_can_tell(path: Where, value: object) -> None:
    assert not is_valid(changed((path, value)))
