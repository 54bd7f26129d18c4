"""An alarm that was edited since the start says nothing until a person who was told of it accepts that."""

from datetime import UTC, datetime, timedelta

from crossfade.core.definition import SAVED, Definition, Definitions

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def told(alarm: str = "a", *children: str, saved: str = "yesterday", **parts: str) -> Definition:
    return Definition(alarm=alarm, parts={SAVED: saved, "threshold": "1", **parts}, children=children)


def start(*definitions: Definition) -> Definitions:
    return Definitions(definitions or (told(),))


def look(before: Definitions, *read: Definition, at: datetime = NOW, resumed: datetime | None = None) -> Definitions:
    return before.seen(read, resumed=resumed, now=at)


def test_an_alarm_that_nobody_touched_is_no_news() -> None:
    assert look(start(), told()) == start()


def test_an_alarm_that_is_gone_is_not_called_edited() -> None:
    assert look(start()) == start()


def test_an_edit_is_named_with_what_was_and_what_is() -> None:
    found = look(start(), told(threshold="50", saved="now"))

    assert [each.alarm for each in found.news_since(start())] == ["a"]
    assert found.words(found.edited[0]) == "a was edited (threshold 1 -> 50)"
    assert "a was edited (threshold 1 -> 50): it says nothing until somebody accepts" in found.doubts(["a"])["a"]


def test_an_alarm_that_was_made_anew_with_the_same_words_is_an_edit() -> None:
    found = look(start(), told(saved="now"))

    assert found.words(found.edited[0]) == "a was edited (made anew or saved again)"


def test_an_edit_is_news_once_and_keeps_the_time_at_which_it_was_noticed() -> None:
    first = look(start(), told(threshold="50"))
    second = look(first, told(threshold="50"), at=LATER)

    assert second == first
    assert second.news_since(first) == ()


def test_a_word_from_before_the_edit_was_noticed_accepts_nothing() -> None:
    first = look(start(), told(threshold="50"), at=LATER)

    assert look(first, told(threshold="50"), resumed=NOW).edited == first.edited


def test_a_word_after_it_was_noticed_makes_it_count_as_it_is() -> None:
    first = look(start(), told(threshold="50"))
    accepted = look(first, told(threshold="50"), resumed=LATER)

    assert (accepted.known[0].parts["threshold"], accepted.edited) == ("50", ())
    assert look(accepted, told(threshold="50"), resumed=LATER).doubts(["a"]) == {}


def test_what_was_edited_again_after_that_word_was_not_meant_by_it() -> None:
    first = look(start(), told(threshold="50"))
    again = look(first, told(threshold="500"), at=LATER + timedelta(minutes=1), resumed=LATER)

    assert "threshold 1 -> 500" in again.doubts(["a"])["a"]


def test_one_that_is_as_before_and_was_never_saved_again_is_believed() -> None:
    assert look(look(start(), told(threshold="50")), told()) == start()


def test_an_edit_of_an_alarm_in_a_rule_counts_against_the_composite() -> None:
    found = look(start(told("all", "a", "b"), told("a"), told("b")), told("all", "a", "b"), told("a"), told("b", x="1"))

    assert found.doubts(["all"])["all"].startswith("b was edited (x none -> 1)")
    assert found.doubts(["a"]) == {}
