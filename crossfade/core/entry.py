"""What every part of the configuration is: immutable, keys in camelCase, unknown keys refused."""

from typing import Annotated

from pydantic import ConfigDict, Strict
from pydantic.alias_generators import to_camel

from crossfade.core.model import Model

CAMEL = ConfigDict(alias_generator=to_camel)

Switch = Annotated[bool, Strict()]


class Entry(Model):
    """A part of the configuration: immutable, keys in camelCase, unknown keys refused."""

    model_config = CAMEL
