"""What the README shows of the demo: run, and shortened by what repeats itself."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from tools.reference.markdown import ROOT

DEMOS: Final[Mapping[str, tuple[str, ...]]] = {"demo": (), "fault": ("--fault", "green-5xx")}
"""What the README shows of the demo, by the name of its block, and the options that print it."""
_SHOWN: Final = re.compile(
    r"(?P<open><!-- (?P<name>demo|fault): begin -->\n).*?(?P<close><!-- (?P=name): end -->)", re.DOTALL
)


def demo_output(options: Sequence[str]) -> str:
    """What the demo prints with *options*, in long lines, without what repeats itself."""
    command = [sys.executable, "-m", "crossfade", "demo", *options]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    text = re.sub(r" +$", "", done.stdout.strip(), flags=re.MULTILINE)
    text = re.sub(r"^.*no complete minute.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^.*stage 3 of 5 begins.*\n(?:.*\n)*?(?=.*stage 5 of 5 begins)", "…\n", text, flags=re.MULTILINE)
    return re.sub(r"(baseline: [^,]+), .*", r"\1, …", text)


def with_demos(text: str) -> str:
    """*text* with its blocks of the demo's output made anew; this takes a minute."""
    return _SHOWN.sub(
        lambda block: f"{block['open']}```text\n{demo_output(DEMOS[block['name']])}\n```\n{block['close']}", text
    )
