"""What every traffic router promises: over ExternalDNS, Argo CD, Route 53, a balancer, two at once, the tests' twin."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import pytest

from crossfade.core.traffic import Write
from crossfade.core.weight import Side, Split
from crossfade.core.workload import Workload
from crossfade.errors import (
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    SupersededError,
    WriteConflictError,
)
from crossfade.ports import TrafficRouter
from tests.contracts.argocd import an_argocd_estate
from tests.contracts.balancer import a_balancer
from tests.contracts.estate import BURNHAM, GUESTBOOK, WORKLOADS, an_estate
from tests.contracts.zone import a_mixed_estate, a_zone
from tests.fakes_traffic import InMemoryRouter

BLUE, GREEN = Side.BLUE, Side.GREEN


class Ground(Protocol):
    """A router and the world below it: weight 100 on blue and 0 on green, declared and shown."""

    @property
    def router(self) -> TrafficRouter: ...

    def declared(self, workload: Workload, side: Side) -> int | None: ...

    def epoch(self, workload: Workload, side: Side) -> int: ...

    def version(self, workload: Workload, side: Side) -> object: ...

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None: ...

    def show(self, workload: Workload, side: Side, weight: int) -> None: ...

    def remove(self, workload: Workload, side: Side) -> None: ...

    def cut_off(self, side: Side) -> None: ...

    def in_between(self, action: Callable[[], None]) -> None: ...


class FakeGround:
    def __init__(self) -> None:
        self.router = InMemoryRouter([workload.name for workload in WORKLOADS])

    def declared(self, workload: Workload, side: Side) -> int | None:
        return self.router.declared(workload.name, side)

    def epoch(self, workload: Workload, side: Side) -> int:
        return self.router.epoch(workload.name, side)

    def version(self, workload: Workload, side: Side) -> object:
        return self.router.version(workload.name, side)

    def by_hand(self, workload: Workload, side: Side, weight: int | None) -> None:
        self.router.by_hand(workload.name, side, weight)

    def show(self, workload: Workload, side: Side, weight: int) -> None:
        self.router.show(workload.name, side, weight)

    def remove(self, workload: Workload, side: Side) -> None:
        self.router.remove(workload.name, side)

    def cut_off(self, side: Side) -> None:
        self.router.unreachable.add(side)

    def in_between(self, action: Callable[[], None]) -> None:
        self.router.in_between = action


def open_ground(name: str) -> AbstractContextManager[Ground]:
    match name:
        case "external-dns":
            return an_estate()
        case "argocd":
            return an_argocd_estate()
        case "route53":
            return a_zone()
        case "alb":
            return a_balancer()
        case "both":
            return a_mixed_estate()
        case _:
            return nullcontext(FakeGround())


@pytest.fixture(params=["in-memory", "external-dns", "argocd", "route53", "alb", "both"])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    with open_ground(request.param) as opened:
        yield opened


@pytest.fixture(params=["in-memory", "external-dns", "argocd"])
def clusters(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A ground in which each side has an API server that can be silent."""
    with open_ground(request.param) as opened:
        yield opened


def write(ground: Ground, *writes: tuple[Workload, Side, int], epoch: int = 7) -> None:
    ground.router.write(
        WORKLOADS, [Write(workload.name, side, weight) for workload, side, weight in writes], epoch=epoch
    )


def everywhere() -> list[tuple[Workload, Side]]:
    return [(workload, side) for workload in WORKLOADS for side in Side]


# --- Observing -------------------------------------------------------------------------------------------------------


def test_both_sides_of_every_workload_are_read_in_the_given_order(ground: Ground) -> None:
    readings = ground.router.observe((GUESTBOOK, BURNHAM))

    assert [reading.workload for reading in readings] == ["guestbook", "burnham"]
    assert {reading.split for reading in readings} == {Split(100, 0)}
    assert [(reading.blue.declared, reading.green.declared) for reading in readings] == [(100, 0)] * 2


def test_what_is_written_is_declared_at_once_and_shown_only_by_the_authority(clusters: Ground) -> None:
    write(clusters, (BURNHAM, GREEN, 5))
    before = clusters.router.observe([BURNHAM])[0].green
    clusters.show(BURNHAM, GREEN, 5)
    after = clusters.router.observe([BURNHAM])[0].green

    assert (before.declared, before.authoritative) == (5, 0)
    assert (after.declared, after.authoritative) == (5, 5)


def test_an_absent_weight_is_none_and_not_zero(ground: Ground) -> None:
    ground.by_hand(BURNHAM, GREEN, None)
    reading = ground.router.observe([BURNHAM])[0].green

    assert reading.declared is None
    assert reading.note


def test_an_object_that_is_gone_is_a_fault_that_names_it_and_hides_no_other_workload(ground: Ground) -> None:
    ground.remove(GUESTBOOK, GREEN)

    gone, other = ground.router.observe((GUESTBOOK, BURNHAM))

    assert isinstance(gone.green.fault, RouterObjectMissingError)
    assert "green" in str(gone.green.fault)
    assert (gone.green.reachable, gone.green.declared) == (False, None)
    assert (other.split, other.faults) == (Split(100, 0), ())


@pytest.mark.parametrize("side", Side)
def test_a_cluster_that_does_not_answer_is_no_cluster_without_weights(clusters: Ground, side: Side) -> None:
    clusters.show(BURNHAM, side, 33)
    clusters.cut_off(side)
    silent, other = (clusters.router.observe(WORKLOADS)[0].side(of) for of in (side, side.other))

    assert (silent.reachable, silent.declared, silent.authoritative) == (False, None, 33)
    assert side in silent.note
    assert silent.identifier
    assert (other.reachable, other.declared) == (True, 100 if side is GREEN else 0)


def test_two_clusters_that_do_not_answer_are_asked_again(clusters: Ground) -> None:
    for side in Side:
        clusters.cut_off(side)

    with pytest.raises(RouterUnavailableError, match=r"blue(?s:.*)green"):
        clusters.router.observe(WORKLOADS)


def test_every_side_says_which_record_it_has(ground: Ground) -> None:
    readings = ground.router.observe(WORKLOADS)

    assert all(reading.side(side).identifier.endswith(side.value) for reading in readings for side in Side)


def test_observing_changes_nothing(ground: Ground) -> None:
    before = [ground.version(*at) for at in everywhere()]
    ground.router.observe(WORKLOADS)

    assert [ground.version(*at) for at in everywhere()] == before


# --- Writing ---------------------------------------------------------------------------------------------------------


def test_a_write_stamps_its_object_with_the_epoch_and_touches_no_other(ground: Ground) -> None:
    untouched = ground.version(BURNHAM, BLUE), ground.version(GUESTBOOK, GREEN)
    write(ground, (BURNHAM, GREEN, 5))

    assert (ground.declared(BURNHAM, GREEN), ground.epoch(BURNHAM, GREEN)) == (5, 7)
    assert ground.router.observe([BURNHAM])[0].green.epoch == 7
    assert (ground.version(BURNHAM, BLUE), ground.version(GUESTBOOK, GREEN)) == untouched


def test_writing_the_same_weight_twice_changes_nothing(ground: Ground) -> None:
    write(ground, (BURNHAM, GREEN, 5), (GUESTBOOK, GREEN, 5))
    before = [ground.version(*at) for at in everywhere()]
    write(ground, (BURNHAM, GREEN, 5), (GUESTBOOK, GREEN, 5))

    assert [ground.version(*at) for at in everywhere()] == before


def test_a_weight_that_is_there_already_is_still_stamped(ground: Ground) -> None:
    write(ground, (BURNHAM, BLUE, 100))

    assert (ground.declared(BURNHAM, BLUE), ground.epoch(BURNHAM, BLUE)) == (100, 7)


def test_an_older_epoch_cannot_write_after_a_younger_one_stamped(ground: Ground) -> None:
    ground.router.stamp(WORKLOADS, epoch=8)

    with pytest.raises(SupersededError, match="8"):
        write(ground, (BURNHAM, GREEN, 50), epoch=7)
    assert (ground.declared(BURNHAM, GREEN), ground.epoch(BURNHAM, GREEN)) == (0, 8)


def test_a_younger_epoch_writes_over_an_older_one(ground: Ground) -> None:
    write(ground, (BURNHAM, GREEN, 50), epoch=7)
    write(ground, (BURNHAM, GREEN, 0), epoch=8)

    assert (ground.declared(BURNHAM, GREEN), ground.epoch(BURNHAM, GREEN)) == (0, 8)


def test_a_stale_read_cannot_overwrite_a_change_in_between(ground: Ground) -> None:
    ground.in_between(lambda: ground.by_hand(BURNHAM, GREEN, 33))

    with pytest.raises(WriteConflictError):
        write(ground, (BURNHAM, GREEN, 5))
    assert ground.declared(BURNHAM, GREEN) == 33


def test_an_older_epoch_that_has_read_before_a_younger_one_stamped_cannot_write(ground: Ground) -> None:
    ground.in_between(lambda: ground.router.stamp([BURNHAM], epoch=8))

    with pytest.raises(WriteConflictError):
        write(ground, (BURNHAM, GREEN, 5), epoch=7)
    assert (ground.declared(BURNHAM, GREEN), ground.epoch(BURNHAM, GREEN)) == (0, 8)


@pytest.mark.parametrize("weight", [-1, 256])
def test_a_weight_that_route_53_does_not_take_is_refused_before_it_is_written(ground: Ground, weight: int) -> None:
    with pytest.raises(RouterRefusedError, match=str(weight)):
        write(ground, (BURNHAM, GREEN, weight))
    assert ground.declared(BURNHAM, GREEN) == 0


def test_when_one_object_fails_the_others_are_written(ground: Ground) -> None:
    ground.remove(BURNHAM, GREEN)

    with pytest.raises(RouterObjectMissingError):
        write(ground, (BURNHAM, GREEN, 5), (GUESTBOOK, GREEN, 5))
    assert ground.declared(GUESTBOOK, GREEN) == 5


def test_blue_is_written_when_green_does_not_answer(clusters: Ground) -> None:
    write(clusters, (BURNHAM, BLUE, 50))
    clusters.cut_off(GREEN)

    with pytest.raises(RouterUnavailableError, match="green"):
        write(clusters, (BURNHAM, BLUE, 100), (BURNHAM, GREEN, 0), epoch=8)
    assert (clusters.declared(BURNHAM, BLUE), clusters.epoch(BURNHAM, BLUE)) == (100, 8)


def test_an_error_that_cannot_be_retried_outranks_one_that_can_and_both_are_told(clusters: Ground) -> None:
    clusters.router.stamp([BURNHAM], epoch=9)
    clusters.cut_off(GREEN)

    with pytest.raises(SupersededError, match=r"9(?s:.*)green"):
        write(clusters, (GUESTBOOK, GREEN, 5), (BURNHAM, BLUE, 50), epoch=7)


# --- Stamping --------------------------------------------------------------------------------------------------------


def test_a_stamp_reaches_every_object_and_changes_no_weight(ground: Ground) -> None:
    weights = [ground.declared(*at) for at in everywhere()]
    ground.router.stamp(WORKLOADS, epoch=8)

    assert [ground.epoch(*at) for at in everywhere()] == [8] * 4
    assert [ground.declared(*at) for at in everywhere()] == weights


def test_a_stamp_reaches_blue_when_green_does_not_answer(clusters: Ground) -> None:
    clusters.cut_off(GREEN)

    with pytest.raises(RouterUnavailableError):
        clusters.router.stamp(WORKLOADS, epoch=8)
    assert [clusters.epoch(workload, BLUE) for workload in WORKLOADS] == [8, 8]


def test_an_older_stamp_does_not_replace_a_younger_one(ground: Ground) -> None:
    ground.router.stamp(WORKLOADS, epoch=8)

    with pytest.raises(SupersededError):
        ground.router.stamp(WORKLOADS, epoch=7)
    assert [ground.epoch(*at) for at in everywhere()] == [8] * 4


# --- Rehearsing ------------------------------------------------------------------------------------------------------


def test_a_rehearsal_finds_no_fault_where_a_rollback_can_be_written_and_writes_nothing(ground: Ground) -> None:
    before = [ground.version(*at) for at in everywhere()]

    assert ground.router.rehearse(WORKLOADS) == ()
    assert [ground.version(*at) for at in everywhere()] == before


def test_a_rehearsal_names_every_object_that_a_rollback_could_not_write(ground: Ground) -> None:
    ground.remove(BURNHAM, GREEN)
    ground.remove(GUESTBOOK, BLUE)

    faults = ground.router.rehearse(WORKLOADS)

    assert len(faults) == 2
    assert "green" in faults[0]
    assert "blue" in faults[1]


def test_a_rehearsal_on_a_cluster_that_does_not_answer_is_tried_again(clusters: Ground) -> None:
    clusters.cut_off(BLUE)

    with pytest.raises(RouterUnavailableError):
        clusters.router.rehearse(WORKLOADS)
