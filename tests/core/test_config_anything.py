"""Whatever a document is: it is accepted or refused in words, and what is accepted survives its canonical form."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossfade.core.config import Config, check_config
from tests.core.documents import REMOVED, changed, faults, valid

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("10m")
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


PLACES = [place for place in places(valid()) if place]


@given(document=ANYTHING)
def test_no_document_breaks_the_check(document: object) -> None:
    assert all(": " in fault for fault in faults(document))


def test_a_plan_that_says_nothing_is_blamed() -> None:
    assert faults(changed((("plans", "standard"), {}))) == [
        "plans.standard: has no stages and no preset; add one of them"
    ]


@given(place=st.sampled_from(PLACES), value=ANYTHING)
def test_whatever_stands_in_one_place_is_accepted_or_blamed_with_its_path(
    place: tuple[str | int, ...], value: object
) -> None:
    found = faults(changed((place, value)))

    assert all(": " in fault and not fault.startswith(":") for fault in found)
    assert len(set(found)) == len(found)


@given(place=st.sampled_from(PLACES))
def test_whatever_is_missing_never_breaks_the_check(place: tuple[str | int, ...]) -> None:
    assert all(": " in fault for fault in faults(changed((place, REMOVED))))


@given(place=st.sampled_from(PLACES), value=SCALARS)
def test_whatever_is_accepted_survives_its_canonical_form(place: tuple[str | int, ...], value: object) -> None:
    document = changed((place, value))
    if not faults(document):
        read = check_config(document, now=None)

        assert Config.from_json(read.to_json()) == read
