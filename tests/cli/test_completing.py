"""What Tab offers: commands, options, and the names of the configuration."""

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossfade.cli.app import app
from tests.cli.conftest import Deployed

ROOT = Path(__file__).resolve().parents[2]
CONFIG = f"--config {ROOT / 'crossfade.yaml'}"


def _offered(line: str) -> list[str]:
    words = line.split(" ")
    asked = {"_CROSSFADE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    return CliRunner().invoke(app, [], env=asked, prog_name="crossfade").stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        pytest.param("crossfade ap", ["approve"], id="a command"),
        pytest.param("crossfade plan --pl", ["--plan"], id="an option"),
        pytest.param(f"crossfade plan {CONFIG} --plan s", ["standard", "supervised"], id="a plan"),
        pytest.param(f"crossfade plan {CONFIG} --workloads yelb,g", ["yelb,game-2048", "yelb,guestbook-ui"], id="two"),
        pytest.param(f"crossfade plan {CONFIG} --workloads yelb,y", [], id="a workload once"),
        pytest.param("crossfade plan --config no-such-file --plan s", [], id="no configuration"),
        pytest.param("crossfade demo --fault stop,thr", ["stop,throttled-route53"], id="two faults"),
        pytest.param("crossfade preflight --fault preflight:bl", ["preflight:blind-alarm"], id="a fault of before"),
        pytest.param("crossfade status --region eu-west-", ["eu-west-1", "eu-west-2", "eu-west-3"], id="a Region"),
        pytest.param("crossfade status --profile n", ["night"], id="a profile"),
    ],
)
def test_names_are_offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, offered: list[str]) -> None:
    profiles = tmp_path / "config"
    profiles.write_text("[profile night]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profiles))

    assert _offered(line) == offered


def test_stages_that_wait_for_approval_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert _offered("crossfade approve tonight --stage ") == ["1", "4"]


def test_migrations_are_offered_and_nothing_where_nobody_answers(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.start("tonight")
    deployed.start("tomorrow")
    deployed.start("yesterday")

    assert sorted(_offered("crossfade watch to")) == ["tomorrow", "tonight"]
    assert _offered("crossfade status y") == ["yesterday"]
    assert _offered("crossfade abort --stack Nope t") == []
    with monkeypatch.context() as nobody:
        nobody.delenv("AWS_ACCESS_KEY_ID")
        assert _offered("crossfade abort t") == []


def test_bash_takes_the_script_that_the_command_gives() -> None:
    """The real shell, the real command, from a folder that is not the repository's."""
    script = (
        "source <(_CROSSFADE_COMPLETE=source_bash crossfade) && COMP_WORDS=(crossfade res) COMP_CWORD=1 &&"
        ' _crossfade_completion crossfade && echo "${COMPREPLY[@]}"'
    )
    path = f"{ROOT / 'bin'}:{os.environ['PATH']}"

    done = subprocess.run(  # noqa: S603 - both words are ours
        ["/bin/bash", "-c", script],
        env={**os.environ, "PATH": path},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("resume\n", "")
