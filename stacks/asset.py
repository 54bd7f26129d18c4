"""The functions' code: one directory for all of them, built without Docker, the same bytes from the same sources.

Owns what is shipped and what is not. Knows no construct: `functions` hands the directory to the CDK.
Dependencies come from `lambdas/requirements.lock`; they are unpacked once per lock into `.build/` and hard-linked
from there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crossfade.core.config import Config
from crossfade.names import CONFIG_FILE

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD_DIRECTORY: Final = ROOT / ".build"
LOCK_FILE: Final = ROOT / "lambdas" / "requirements.lock"
REQUIREMENTS_FILE: Final = LOCK_FILE.with_suffix(".in")
PYTHON_VERSION: Final = "3.14"
PLATFORM: Final = "aarch64-manylinux_2_28"

SHIPPED_PACKAGES: Final = ("crossfade", "lambdas")
NOT_SHIPPED: Final = ("crossfade/cli", "crossfade/__main__.py", "crossfade/adapters/config_file.py")
"""Only people at a keyboard need these: commands, and the reader of crossfade.yaml."""

_NOT_INSTALLED: Final = (
    *("aiohappyeyeballs", "aiohttp", "aiohttp-retry", "aiosignal", "attrs"),
    *("frozenlist", "multidict", "propcache", "yarl"),
)
"""The aiohttp family: 6 MB for the asynchronous half of the Kubernetes client, which is pruned."""

_PRUNED_DEPENDENCIES: Final = (
    "kubernetes/aio",  # 41 MB of a client that needs aiohttp, which is not shipped
    "bin",  # scripts that name the interpreter of the machine that built them
    ".lock",
    "*.dist-info/INSTALLER",  # these four tell who installed, and from where
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
)


@contextmanager
def functions_code(config: Config, *, code_only: bool = False) -> Iterator[Path]:
    """
    Build the directory that all functions share; it is gone afterwards, when the CDK has its copy.

    Args:
        config: Stands beside the code as `crossfade.json`.
        code_only: Leave the dependencies out: right for tests and the demo, useless in AWS.

    Raises:
        subprocess.CalledProcessError: The dependencies could not be installed; pip or uv says why on standard error.
    """
    BUILD_DIRECTORY.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="functions-", dir=BUILD_DIRECTORY) as name:
        directory = Path(name)
        if not code_only:
            shutil.copytree(_dependencies(), directory, dirs_exist_ok=True, copy_function=os.link)
        for package in SHIPPED_PACKAGES:
            shutil.copytree(ROOT / package, directory / package, ignore=_unwanted)
        (directory / CONFIG_FILE).write_text(config.to_json(), encoding="utf-8")
        yield directory


def _unwanted(directory: str, names: list[str]) -> list[str]:
    here = Path(directory).relative_to(ROOT)
    return [name for name in names if not _is_shipped(here / name)]


def _is_shipped(path: Path) -> bool:
    if path.as_posix() in NOT_SHIPPED or path.name == "__pycache__":
        return False
    return (ROOT / path).is_dir() or path.suffix in {".py", ".typed"}


def _dependencies() -> Path:
    """The unpacked dependencies of this lock; installed on the first call only."""
    key = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()[:16]
    ready = BUILD_DIRECTORY / f"dependencies-{key}"
    if not ready.exists():
        with tempfile.TemporaryDirectory(prefix="installing-", dir=BUILD_DIRECTORY) as name:
            installed = Path(name) / "site"
            subprocess.run(_install_command(installed), check=True)  # noqa: S603  # fixed words and our own paths
            _prune(installed)
            _move_into_place(installed, ready)
    return ready


def _move_into_place(installed: Path, ready: Path) -> None:
    try:
        installed.rename(ready)
    except OSError:  # another process was faster; what it made is the same
        if not ready.exists():
            raise


def _prune(installed: Path) -> None:
    for pattern in _PRUNED_DEPENDENCIES:
        for path in installed.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _install_command(target: Path) -> list[str]:
    """With uv if there is one (ten times faster), else pip; both check the hashes and take wheels for Lambda only."""
    common = ["--quiet", "--no-deps", "--require-hashes", "--target", str(target), "--requirement", str(LOCK_FILE)]
    if uv := _find_uv():
        platform = ["--python-version", PYTHON_VERSION, "--python-platform", PLATFORM]
        return [uv, "pip", "install", "--only-binary", ":all:", *platform, *common]
    tags = ["manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"]
    platform = [f"--platform={tag}" for tag in tags] + ["--implementation=cp", f"--python-version={PYTHON_VERSION}"]
    return [sys.executable, "-m", "pip", "install", "--no-compile", "--only-binary=:all:", *platform, *common]


def _find_uv() -> str | None:
    beside_python = Path(sys.executable).parent / "uv"
    return str(beside_python) if beside_python.exists() else shutil.which("uv")


def lock() -> None:
    """Write `requirements.lock` anew from `requirements.in`; needs uv. Names no place that packages come from."""
    options = ["--quiet", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
    platform = ["--python-version", PYTHON_VERSION, "--python-platform", PLATFORM]
    left_out = [f"--no-emit-package={package}" for package in _NOT_INSTALLED]
    header = ["--custom-compile-command", "python -m stacks.asset"]
    files = [str(REQUIREMENTS_FILE.relative_to(ROOT)), "--output-file", str(LOCK_FILE.relative_to(ROOT))]
    command = [_find_uv() or "uv", "pip", "compile", *options, *platform, *left_out, *header, *files]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603  # fixed words and our own paths


if __name__ == "__main__":
    lock()
