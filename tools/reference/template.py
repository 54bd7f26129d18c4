"""The synthesised template of the shipped configuration, of which several parts speak."""

from collections.abc import Mapping
from functools import cache

from crossfade.cli.synth import template
from stacks.definition_check import read_definition
from tools.reference.markdown import CONFIG_FILE, Json


@cache
def resources() -> Mapping[str, Json]:
    """The resources of the main stack, by logical id, as synthesised."""
    resources: Mapping[str, Json] = template(CONFIG_FILE)["Resources"]
    return resources


@cache
def definition() -> Json:
    """The synthesised definition."""
    return read_definition(template(CONFIG_FILE))
