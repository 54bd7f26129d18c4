"""The synthesised template, made once for each state of the sources.

`app.py` runs in a process of its own, so that the command line never loads the CDK.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from crossfade.errors import PermanentError

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = ("app.py", "cdk.json", "crossfade", "lambdas", "stacks", "requirements.txt")
_STACK = "Crossfade"
_KEPT = ROOT / ".build" / "synth"


class SynthesisFailedError(PermanentError):
    """The CDK app could not be synthesised; its own words are in the message."""


def template(
    config_file: Path, *, kept: Path = _KEPT, synthesise: Callable[[Path, Path], None] | None = None
) -> dict[str, Any]:
    """
    The CloudFormation template of the main stack for *config_file*.

    Several processes may ask at once: each synthesises in a folder of its own, and what is kept appears whole.

    Args:
        config_file: Of the app.
        kept: Where templates are kept.
        synthesise: Writes the assembly of a configuration into a folder; `app.py` if nothing else is given.

    Raises:
        SynthesisFailedError: `app.py` failed.
    """
    path = kept / f"{_digest(config_file)}.json"
    if not path.exists():
        kept.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=kept) as out:
            (synthesise or _synthesise)(config_file, Path(out))
            (Path(out) / f"{_STACK}.template.json").replace(path)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _synthesise(config_file: Path, out: Path) -> None:
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(out),
        "CROSSFADE_CODE_ONLY": "1",
        "CROSSFADE_CONFIG": str(config_file.resolve()),
    }
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        msg = f"the CDK app could not be synthesised:\n{done.stderr[-3000:]}"
        raise SynthesisFailedError(msg)


def _digest(config_file: Path) -> str:
    seen = hashlib.sha256(config_file.read_bytes())
    for name in _SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob("*.py")) if top.is_dir() else [top]:
            seen.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return seen.hexdigest()[:24]
