"""Labels over a chart: no two overlap, and no line to a mark crosses another label."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from crossfade.report.labels import GAP, ROWS_MAX, Label, Place, place

WIDTH = 900.0
labels_in_order = st.lists(
    st.builds(Label, x=st.floats(0, WIDTH, width=16), width=st.floats(10, 300, width=16)), max_size=9
).map(lambda labels: tuple(sorted(labels, key=lambda label: label.x)))


def _span(label: Label, at: Place) -> tuple[float, float]:
    return (label.x - label.width, label.x) if at.is_before else (label.x, label.x + label.width)


@given(labels_in_order)
def test_two_labels_of_one_row_never_overlap(labels: tuple[Label, ...]) -> None:
    places = place(labels, 0, WIDTH)

    for (one, a), (other, b) in combinations(zip(labels, places or (), strict=bool(places)), 2):
        left, right = sorted((_span(one, a), _span(other, b)))
        assert a.row != b.row or left[1] <= right[0]


@given(labels_in_order)
def test_no_line_from_a_higher_label_crosses_a_lower_one(labels: tuple[Label, ...]) -> None:
    places = place(labels, 0, WIDTH)

    for one, a in zip(labels, places or (), strict=bool(places)):
        for other, b in zip(labels, places or (), strict=bool(places)):
            left, right = _span(other, b)
            assert not (a.row > b.row and left < one.x < right)


@given(labels_in_order)
def test_labels_stay_inside_and_in_the_rows_there_are(labels: tuple[Label, ...]) -> None:
    for label, at in zip(labels, place(labels, 0, WIDTH) or (), strict=False):
        left, right = _span(label, at)
        assert 0 <= left <= right <= WIDTH
        assert 0 <= at.row < ROWS_MAX


def test_labels_with_room_share_the_lowest_row_and_start_at_their_marks() -> None:
    labels = [Label(0, 80), Label(200, 80), Label(400, 80)]

    assert place(labels, 0, WIDTH) == (Place(0, is_before=False),) * 3


def test_a_label_that_reaches_over_the_next_mark_stands_above_it() -> None:
    assert place([Label(100, 80), Label(150, 80)], 0, WIDTH) == (Place(1, is_before=False), Place(0, is_before=False))


def test_two_marks_at_one_instant_get_two_rows() -> None:
    places = place([Label(100, 80), Label(100, 80)], 0, WIDTH)

    assert places is not None
    assert {at.row for at in places} == {0, 1}


def test_a_label_at_the_right_edge_ends_at_its_mark() -> None:
    assert place([Label(WIDTH, 80)], 0, WIDTH) == (Place(0, is_before=True),)


def test_what_does_not_fit_is_refused_rather_than_squeezed() -> None:
    assert place([Label(450, WIDTH + GAP)], 0, WIDTH) is None
    assert place([Label(450 + index, 100) for index in range(3 * ROWS_MAX)], 0, WIDTH) is None


def test_no_labels_need_no_place() -> None:
    assert place([], 0, WIDTH) == ()
