"""The embedded world as tests enter it: templates come from the CDK in this process.

`app.py` takes four seconds for each configuration, most of them to start the CDK; once started it takes less than one.
That both write the same template is claimed in `tests/stacks/test_stack.py`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import Embedded
from crossfade.cli.embedded import embedded as built
from crossfade.cli.synth import template
from crossfade.core.config import Config
from stacks.synth import synthesize
from world.estate_spec import EstateSpec
from world.faults import Fault


def kept_template(config_file: Path) -> dict[str, Any]:
    """The template of *config_file*, which `crossfade.cli.synth` has from now on, whoever asks for it."""
    return template(config_file, synthesise=_in_this_process)


def _in_this_process(config_file: Path, out: Path) -> None:
    synthesize(read_config(config_file, now=None), out_dir=out, code_only=True)


@contextmanager
def embedded(
    config: Config,
    config_file: Path,
    *,
    seed: int,
    faults: Sequence[Fault] = (),
    spec: EstateSpec | None = None,
) -> Iterator[Embedded]:
    """As `crossfade.cli.embedded.embedded`; what happens inside must not have been denied to any function."""
    kept_template(config_file)
    with built(config, config_file, seed=seed, faults=faults, spec=spec) as world:
        yield world
        assert not world.cloud.permissions.denied, "a function asked for what its own policy does not allow"
