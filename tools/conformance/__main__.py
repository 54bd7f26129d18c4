"""Run the same steps on a real ExternalDNS and on the world's, and print where they differ: `make conformance`."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tools.conformance.binary import VERSIONS, NoToolchainError, binary, go
from tools.conformance.grounds import Seen, grounds
from tools.conformance.running import followed
from tools.conformance.steps import STEPS, Hand

FOLDER: Final = Path(__file__).resolve().parents[2] / ".build" / "conformance"


def main(versions: list[str], folder: Path = FOLDER, find: Callable[[], str] = go) -> int:
    """Ask all *versions*; 0 when nothing differs, or when there is no Go toolchain to build them in *folder*."""
    differences, asked = 0, list[str]()
    for version in versions or list(VERSIONS):
        try:
            program = binary(version, folder, find)
        except NoToolchainError:
            tell(f"skipped: {version} is built from its Go module, and there is no Go toolchain on this machine")
            continue
        with TemporaryDirectory() as logs:
            differences += _compare(version, program, Path(logs))
            differences += _compare_running(version, program, Path(logs))
        asked.append(version)
    if asked:
        tell(f"\n{differences} steps differ." if differences else f"\nNo step differs: {', '.join(asked)}.")
    return 1 if differences else 0


def _compare(version: str, program: Path, folder: Path) -> int:
    """How many steps of *version* differ; each is printed as it comes."""
    tell(f"\n## ExternalDNS {version}\n\n| Step | Records | Real and world |\n| --- | --- | --- |")
    began, differing = time.monotonic(), 0
    with grounds(version, program, folder) as (real, world):
        for step in STEPS:
            for ground in (real, world):
                step.do(Hand(ground, version))
                ground.round()
            found = _differences(real.seen(), world.seen())
            differing += bool(found)
            tell(f"| {step.name} | {len(real.seen())} | {'differ' if found else 'agree'} |")
            for line in found:
                tell(f"    {line}")
        logs = [line for path in sorted(folder.glob("*.log")) for line in path.read_text("utf-8").splitlines()]
    if differing:
        tell("\n".join(dict.fromkeys(line.partition(" ")[2] for line in logs if _is_trouble(line))))
    tell(f"\n{len(STEPS)} steps in {time.monotonic() - began:.0f} s.")
    return differing


def _compare_running(version: str, program: Path, folder: Path) -> int:
    """In how many steps the records of a *version* that runs did not follow in time."""
    tell(f"\n## ExternalDNS {version}, running\n\n| Flags | Step | Within | Agree after |\n| --- | --- | --- | --- |")
    late = 0
    for each in followed(version, program, folder):
        late += each.seconds is None
        shown = "not in time" if each.seconds is None else f"{each.seconds:.1f} s"
        tell(f"| `{each.way}` | {each.step} | {each.way.seconds:.0f} s | {shown} |")
    return late


def _is_trouble(line: str) -> bool:
    return "level=error" in line or "level=fatal" in line


def tell(line: str) -> None:
    """Print *line* at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _differences(real: Seen, world: Seen) -> list[str]:
    keys = sorted(real.keys() | world.keys())
    return [
        f"{key}: real {real.get(key, 'nothing')} / world {world.get(key, 'nothing')}"
        for key in keys
        if real.get(key) != world.get(key)
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
