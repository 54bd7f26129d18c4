"""Setting up: a clear message when it cannot work, and nothing to do the second time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import bootstrap

SCRIPT = Path(bootstrap.__file__)


def test_a_python_that_is_too_old_is_told_so_and_how_to_name_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit) as ended:
        bootstrap.main("requirements.txt")

    assert ended.value.code == 1
    assert "needs Python 3.11 or newer, this is 3.9" in capsys.readouterr().err


def test_an_install_that_fails_says_what_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bootstrap.run("install nothing", sys.executable, "-c", "print('no route to the index'); raise SystemExit(3)")

    said = capsys.readouterr().err
    assert "no route to the index" in said
    assert "could not install nothing" in said
    assert "make clean" in said


def test_a_change_in_an_included_file_is_noticed() -> None:
    assert bootstrap.digest("requirements-dev.txt") != bootstrap.digest("requirements.txt")


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-dev.txt"])
def test_the_second_time_there_is_nothing_to_do(requirements: str) -> None:
    stamp = Path(bootstrap.VENV) / f".{requirements}.{bootstrap.digest(requirements)[:16]}"
    if not stamp.exists():
        pytest.skip("this environment was not set up by make")

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(SCRIPT), requirements], capture_output=True, text=True, check=True
    )

    assert done.stderr == ""


def test_an_old_python_can_read_the_script() -> None:
    compile(SCRIPT.read_text(encoding="utf-8"), str(SCRIPT), "exec", dont_inherit=True)
    forbidden = (" match ", ":=", 'f"', "f'")

    assert not [word for word in forbidden if word in SCRIPT.read_text(encoding="utf-8")]
