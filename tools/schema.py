"""Write the JSON Schemas anew from the models; `python -m tools.schema`."""

import json
from pathlib import Path
from typing import Any, Final

from crossfade.core.announcement import SCHEMA, event_schema
from crossfade.core.config import json_schema

ROOT: Final = Path(__file__).resolve().parent.parent
FILE: Final = ROOT / "crossfade.schema.json"
EVENT_FILE: Final = ROOT / "schemas" / f"{SCHEMA}.json"


def text() -> str:
    """The schema of the configuration, as its file has it."""
    return _written(json_schema())


def event_text() -> str:
    """The schema of an event's detail, as its file has it."""
    return _written(event_schema())


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    EVENT_FILE.parent.mkdir(exist_ok=True)
    EVENT_FILE.write_text(event_text(), encoding="utf-8")
