"""The page in a real browser: no complaint on its console, nothing wider than a phone, no label over another.

Needs Chromium on PATH; without one this file's tests are skipped and say so. Nothing else of the suite needs a browser.
"""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from crossfade.report import render
from tests.report import samples

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    "--allow-file-access-from-files",  # so that the frame around the page may measure it
    "--window-size=1280,1000",
    "--virtual-time-budget=2000",
    "--dump-dom",
)
PHONE, DESK = 360, 1100

FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="phone" src="page.html" style="width:{phone}px;height:4000px"></iframe>
<iframe id="desk" src="page.html" style="width:{desk}px;height:4000px"></iframe>
<pre id="found"></pre>
<script>
addEventListener("load", () => {{
  const found = {{}};
  for (const name of ["phone", "desk"]) {{
    const page = document.getElementById(name).contentDocument;
    const box = (element) => {{
      const {{left, right, top, bottom}} = element.getBoundingClientRect();
      return {{left, right, top, bottom, text: element.textContent}};
    }};
    const shown = (selector) => [...page.querySelectorAll(selector)].map(box).filter((at) => at.right > at.left);
    found[name] = {{
      width: page.documentElement.scrollWidth,
      labels: shown("svg .mark-label"),
      bands: shown("svg .band-name"),
      heading: getComputedStyle(page.querySelector("h1")).fontSize,
    }};
  }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script>"""

needs_browser = pytest.mark.skipif(BROWSER is None, reason="Chromium is not on PATH; install it to see the page in it")


def _open(folder: Path, text: str) -> tuple[dict[str, Any], str]:
    """What the frame measured in the page *text*, and what the browser logged."""
    (folder / "page.html").write_text(text, encoding="utf-8")
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(phone=PHONE, desk=DESK), encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(  # noqa: S603 - our own file, in a browser found on PATH
        [str(BROWSER), *FLAGS, profile, frame.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    measured = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert measured, done.stdout[:2000]
    return json.loads(unescape(measured[1])), done.stderr


def _overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    is_beside = one["right"] <= other["left"] or other["right"] <= one["left"]
    return not is_beside and one["top"] < other["bottom"] - 3 and other["top"] < one["bottom"] - 3


@needs_browser
@pytest.mark.parametrize("sample", [samples.a_success, samples.a_rollback, samples.an_unconfirmed_rollback])
def test_a_browser_shows_the_page_without_complaint_on_desk_and_phone(sample: Any, tmp_path: Path) -> None:
    found, log = _open(tmp_path, render(sample()))

    complaints = [line for line in log.splitlines() if "CONSOLE" in line or "Content Security Policy" in line]
    assert complaints == []
    assert found["phone"]["width"] <= PHONE
    assert found["desk"]["width"] <= DESK
    assert found["desk"]["heading"] == "36px"
    for name in ("phone", "desk"):
        labels = found[name]["labels"] + found[name]["bands"]
        assert labels
        for index, label in enumerate(labels):
            assert not [other["text"] for other in labels[index + 1 :] if _overlap(label, other)]
