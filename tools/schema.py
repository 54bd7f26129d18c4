"""Write crossfade.schema.json anew from the models; `python -m tools.schema`."""

import json
from pathlib import Path

from crossfade.core.config import json_schema

FILE = Path(__file__).resolve().parent.parent / "crossfade.schema.json"


def text() -> str:
    """The schema as the file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
