"""Sentences for people: each thing once, no names of classes."""

import pytest

from crossfade.core.wording import error_names, gathered, how_it_ended, plain, said_once

LIMIT = "Route 53 limits the rate of ListResourceRecordSets on Z0EXAMPLE (Throttling); it is tried again"


def test_what_is_said_of_several_workloads_is_said_once_and_names_them() -> None:
    steps = ["burnham: lower blue to 0", "yelb: raise green to 1", "ho11y: lower blue to 0", "a word without a name"]

    assert gathered(steps) == ["burnham, ho11y: lower blue to 0", "yelb: raise green to 1", "a word without a name"]


def test_of_many_workloads_two_are_named_and_the_others_counted() -> None:
    assert gathered(f"{name}: lower blue to 0" for name in "abcde") == ["a, b and 3 more: lower blue to 0"]


def test_a_cause_of_a_cause_is_not_told_three_times() -> None:
    reason = f"RouterThrottledError: {LIMIT}; the execution failed; {LIMIT}; the weights cannot be read back: {LIMIT}"

    told = said_once(reason)

    assert told == f"RouterThrottledError: {LIMIT}; the execution failed; the weights cannot be read back: the same"
    assert said_once(told) == told


@pytest.mark.parametrize("reason", ["", "yelb: no data; burnham: no data", "a: b; a: c", "green-5xx is in ALARM"])
def test_what_is_short_or_new_stays_as_it_is(reason: str) -> None:
    assert said_once(reason) == reason


def test_names_of_error_classes_stand_apart() -> None:
    reason = "NotPropagatedError: not in time; and: RouterThrottledError: slow; States.Timeout: late"

    assert plain(reason) == "not in time; and: slow; States.Timeout: late"
    assert error_names(reason) == ("NotPropagatedError", "RouterThrottledError")


@pytest.mark.parametrize(
    ("status", "words"), [("ABORTED", "somebody stopped the execution"), ("GONE", "the execution ended as GONE")]
)
def test_how_an_execution_ended_is_said_in_words(status: str, words: str) -> None:
    assert how_it_ended(status) == words
