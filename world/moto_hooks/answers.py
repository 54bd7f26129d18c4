"""The hooks that let moto answer faster."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from moto.core import responses
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import method_names_from_class

from world.moto_hooks.swap import swapped

_FOUND: Final = "_names_of_members"


@contextmanager
def names_of_members_are_found_once() -> Iterator[None]:
    """
    Moto works out anew, for each member of each answer, under which names its object may hold it.

    The names follow from the member's shape and the object's class alone; that was a sixth of a demo.
    """
    moto = XFormedAttributePicker.get_possible_keys

    def get_possible_keys(picker: XFormedAttributePicker, context: AttributePickerContext) -> tuple[str, ...]:
        found: dict[tuple[str, type], tuple[str, ...]] = vars(context.shape).setdefault(_FOUND, {})
        key = (context.key, type(context.obj))
        if key not in found:
            found[key] = tuple(dict.fromkeys(moto(picker, context)))
        return found[key]

    with swapped(XFormedAttributePicker, "get_possible_keys", get_possible_keys):
        yield


@contextmanager
def operations_are_listed_once() -> Iterator[None]:
    """Moto lists all methods of a service anew for each call, to see whether it knows the operation: a tenth of it."""
    with swapped(responses, "method_names_from_class", lru_cache(maxsize=None)(method_names_from_class)):
        yield
