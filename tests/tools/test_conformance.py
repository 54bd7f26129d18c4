"""The comparison with a real ExternalDNS is for machines that can build one; elsewhere it says so and is no failure."""

from pathlib import Path

import pytest

from tools.conformance.__main__ import main
from tools.conformance.binary import NoToolchainError


def no_toolchain() -> str:
    raise NoToolchainError


def test_without_a_go_toolchain_it_says_so_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["v0.22.0"], tmp_path, no_toolchain) == 0
    assert "skipped: v0.22.0 is built from its Go module, and there is no Go toolchain" in capsys.readouterr().out
