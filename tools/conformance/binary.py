"""A real ExternalDNS, built from its Go module into `.build/conformance/`, once a version.

It takes minutes and a few GB of Go's caches, so it runs with the lowest priority and one compiler at a time.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

MODULE: Final = "sigs.k8s.io/external-dns"
PLACES: Final = ("/usr/local/go/bin/go",)
"""Where a Go toolchain is looked for, beside PATH."""
VERSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "v0.19.0": {},
    "v0.22.0": {
        "github.com/exoscale/egoscale/v3": "v3.1.43",
        "github.com/openshift/api": "v0.0.0-20251015095338-264e80a2b6e7",
    },
}
"""The versions that are asked, with the dependencies of other providers and sources that are replaced by older ones."""

_MAIN = f"""package main

import (
	_ "k8s.io/client-go/plugin/pkg/client/auth"

	"{MODULE}/controller"
)

func main() {{ controller.Execute() }}
"""
_BUILD_SECONDS = 3_600


class NoToolchainError(Exception):
    """There is no Go on this machine."""


def go() -> str:
    """
    The Go toolchain.

    Raises:
        NoToolchainError: There is none.
    """
    found = shutil.which("go") or next((place for place in PLACES if Path(place).exists()), None)
    if found is None:
        raise NoToolchainError
    return found


def binary(version: str, folder: Path, find: Callable[[], str] = go) -> Path:
    """
    The program of *version*, built if need be into *folder* with the toolchain that *find* finds.

    Raises:
        NoToolchainError: It has to be built and there is no Go on this machine.
        subprocess.CalledProcessError: It cannot be built; Go has said why.
    """
    built = folder / version / "external-dns"
    if built.exists():
        return built
    toolchain = find()
    source = folder / version / "source"
    source.mkdir(parents=True, exist_ok=True)
    for arguments in _commands(version, source, built):
        _run([toolchain, *arguments], source, built.parent)
    return built


def _commands(version: str, source: Path, built: Path) -> list[list[str]]:
    """What Go is asked; a module whose dependencies are replaced cannot be installed by its name alone."""
    flags = ["-p", "1", "-trimpath", "-ldflags", "-s -w"]
    if not VERSIONS.get(version):
        return [["install", *flags, f"{MODULE}@{version}"]]
    (source / "main.go").write_text(_MAIN, encoding="utf-8")
    (source / "go.mod").write_text(_module(version), encoding="utf-8")
    return [["mod", "tidy", "-e"], ["build", *flags, "-o", str(built), "."]]


def _run(command: list[str], source: Path, target: Path) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOBIN": str(target.resolve())}
    polite = [shutil.which("nice") or "/usr/bin/nice", "-n", "15"]
    subprocess.run(  # noqa: S603 - our own words
        [*polite, *command], cwd=source, env=environment, check=True, timeout=_BUILD_SECONDS
    )


def _module(version: str) -> str:
    replaced = "".join(f"replace {name} => {name} {older}\n" for name, older in VERSIONS.get(version, {}).items())
    return f"module conformance\n\ngo 1.24\n\nrequire {MODULE} {version}\n\n{replaced}"
