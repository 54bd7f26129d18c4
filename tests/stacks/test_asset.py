"""What is shipped to Lambda: the same bytes from the same sources, small, and nothing that is not needed."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from crossfade.core.config import Config
from crossfade.names import CONFIG_FILE, Function
from stacks.asset import LOCK_FILE, NOT_SHIPPED, ROOT, functions_code

pytestmark = pytest.mark.xdist_group("stacks")

UNZIPPED_MAX = 60_000_000
"""Bytes. Lambda takes 250 MB; a bigger asset starts and deploys more slowly."""


def files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def digest(directory: Path) -> str:
    return hashlib.sha256(repr(files(directory)).encode()).hexdigest()


def test_two_builds_are_the_same(config: Config) -> None:
    with functions_code(config, code_only=True) as first, functions_code(config, code_only=True) as second:
        assert first != second
        assert digest(first) == digest(second)


def test_the_deployed_configuration_stands_beside_the_code(config: Config) -> None:
    with functions_code(config, code_only=True) as directory:
        assert Config.from_json((directory / CONFIG_FILE).read_text()) == config


def test_only_sources_are_shipped_and_no_tools_for_people(config: Config) -> None:
    with functions_code(config, code_only=True) as directory:
        shipped = files(directory)

    assert {Path(name).suffix for name in shipped} <= {".py", ".typed", ".json"}
    assert not any(name.startswith(NOT_SHIPPED) for name in shipped)
    assert {f"lambdas/{function.value}.py" for function in Function} <= set(shipped)


def test_nothing_stays_behind_when_the_cdk_has_its_copy(config: Config) -> None:
    with functions_code(config, code_only=True) as directory:
        pass

    assert not directory.exists()


def test_the_whole_asset_is_small_and_free_of_what_is_not_needed(config: Config) -> None:
    with functions_code(config) as directory:
        shipped = files(directory)

    packages = {name.partition("/")[0] for name in shipped}
    assert sum(map(len, shipped.values())) < UNZIPPED_MAX
    assert {"aws_lambda_powertools", "pydantic", "kubernetes", "crossfade", "lambdas"} <= packages
    assert not packages & {"aiohttp", "yarl", "multidict", "boto3", "botocore", "bin"}
    assert not any(name.startswith("kubernetes/aio/") or name.endswith((".pyc", "RECORD")) for name in shipped)


def test_binaries_are_for_lambda(config: Config) -> None:
    with functions_code(config) as directory:
        binaries = [path.name for path in directory.rglob("*.so")]

    assert binaries
    assert all("aarch64-linux-gnu" in name for name in binaries)
    assert all("314" in name or "abi3" in name for name in binaries)


def test_the_lock_names_no_place_and_holds_a_hash_for_everything() -> None:
    lock = LOCK_FILE.read_text()
    pinned = [block for block in lock.split("\n") if "==" in block]

    assert "://" not in lock
    assert "--find-links" not in lock
    assert "--index" not in lock
    assert all(line.endswith(" \\") for line in pinned)


def run_in_asset(directory: Path, code: str) -> list[str]:
    """What *code* prints, run on the shipped sources, with this environment's packages under them."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(directory),
        "CROSSFADE_TABLE": "table",
        "CROSSFADE_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:topic",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
    }
    ended = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-P", "-c", code], cwd=directory, env=environment, check=True, capture_output=True, text=True
    )
    printed: list[str] = json.loads(ended.stdout)
    return printed


def test_every_door_opens_from_the_asset_alone(config: Config) -> None:
    code = f"""
import importlib, json
for name in {[function.value for function in Function]}:
    assert callable(importlib.import_module(f"lambdas.{{name}}").handler)
import crossfade
print(json.dumps([crossfade.__file__]))
"""
    with functions_code(config, code_only=True) as directory:
        assert run_in_asset(directory, code) == [str(directory / "crossfade" / "__init__.py")]


def test_judging_health_never_loads_the_kubernetes_client(config: Config) -> None:
    code = """
import json, sys
import lambdas.check_health
from crossfade.wiring import wired
wired().ledger, wired().alarms
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    with functions_code(config, code_only=True) as directory:
        loaded = run_in_asset(directory, code)

    assert "boto3" in loaded
    assert "kubernetes" not in loaded


def test_npm_lock_names_no_registry() -> None:
    for name in ("package.json", "package-lock.json", "cdk.json"):
        assert "://" not in (ROOT / name).read_text(), name
