"""The hook that lets moto write its answers faster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from moto.core.serialize import AttributePickerContext, XFormedAttributePicker

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
