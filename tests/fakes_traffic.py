"""In-memory twins of the ports that move weights: objects that declare, an authority that shows, the way around them.

`tests/contracts` holds them to the claims of the real adapters.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from crossfade.core.traffic import Reading, SideReading, Write
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    RouterObjectMissingError,
    RouterRefusedError,
    RouterUnavailableError,
    SupersededError,
    TemporaryError,
    WriteConflictError,
)
from tests.faulty import Faulty


@dataclass
class _Object:
    """One Ingress and its record: *shown* is what the authority answers."""

    declared: int | None
    shown: int | None
    epoch: int = 0
    version: int = 1
    by: str = ""
    applied: int | None = None


class InMemoryRouter(Faulty):
    """
    Both clusters and an authority that follows the declared weights only when told (`propagate`).

    Attributes:
        written: Every write that took effect, oldest first; a write that changes nothing is not here.
        unreachable: Sides whose API server does not answer.
        refused: Names of workloads whose objects nobody may write.
        in_between: Called once, after a write has read its object and before it writes it.
        refusals: What `rehearse` answers.
    """

    def __init__(self, workloads: Iterable[str], *, blue: int | None = 100, green: int | None = 0) -> None:
        super().__init__()
        self._objects: dict[tuple[str, Side], _Object] = {}
        for workload in workloads:
            self._objects[workload, Side.BLUE] = _Object(blue, blue)
            self._objects[workload, Side.GREEN] = _Object(green, green)
        self.written: list[Write] = []
        self.unreachable: set[Side] = set()
        self.refused: set[str] = set()
        self.in_between: Callable[[], None] | None = None
        self.refusals: tuple[str, ...] = ()

    # What a test does to the world.

    def propagate(self, side: Side | None = None, workload: str | None = None) -> None:
        """Let the authority show what is declared: everywhere, or on one *side*, or of one *workload*."""
        for (name, of), held in self._objects.items():
            if (side is None or of is side) and (workload is None or name == workload):
                held.shown = held.declared

    def by_hand(self, workload: str, side: Side, weight: int | None) -> None:
        """Somebody edits a weight; the authority follows when told, the epoch stays."""
        held = self._objects[workload, side]
        held.declared = weight
        held.by = "somebody"
        held.version += 1

    def apply(self, workload: str, side: Side, weight: int) -> None:
        """A file with *weight* was applied last; what is declared now came after it."""
        self._objects[workload, side].applied = weight

    def show(self, workload: str, side: Side, weight: int | None) -> None:
        """Let the authority show *weight*, whatever is declared."""
        self._objects[workload, side].shown = weight

    def remove(self, workload: str, side: Side) -> None:
        """Somebody deletes the object."""
        del self._objects[workload, side]

    def restore(self, workload: str, side: Side, weight: int) -> None:
        """Somebody creates the object anew, and its record follows."""
        self._objects[workload, side] = _Object(weight, weight)

    def declared(self, workload: str, side: Side) -> int | None:
        """The declared weight, as a test sees it."""
        return self._objects[workload, side].declared

    def version(self, workload: str, side: Side) -> int:
        """Rises with every change of the object."""
        return self._objects[workload, side].version

    def epoch(self, workload: str, side: Side) -> int:
        """The epoch that the object carries."""
        return self._objects[workload, side].epoch

    # The port.

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        self._trip("observe")
        readings: list[Reading] = []
        faults: list[CrossfadeError] = []
        for workload in workloads:
            sides: list[SideReading] = []
            for side in Side:
                try:
                    sides.append(_reading(self._get(workload.name, side), side))
                except (RouterUnavailableError, RouterObjectMissingError) as error:
                    sides.append(self._unseen(workload.name, side, error))
                    if len(self.unreachable) == len(Side):
                        faults.append(error)
            readings.append(Reading(workload.name, *sides))
        _raise_worst(faults)
        return tuple(readings)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""
        self._trip("write")
        known = {workload.name for workload in workloads}
        assert all(write.workload in known for write in writes), "a write concerns a workload that was not given"
        self._try_all([(write.workload, write.side, write.weight) for write in writes], epoch)
        self._trip("write", after=True)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._trip("stamp")
        self._try_all([(workload.name, side, None) for workload in workloads for side in Side], epoch)
        self._trip("stamp", after=True)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        self._trip("rehearse")
        faults: list[CrossfadeError] = []
        for workload in workloads:
            for side in Side:
                try:
                    self._get(workload.name, side)
                except CrossfadeError as error:
                    faults.append(error)
        _raise_worst([fault for fault in faults if isinstance(fault, TemporaryError)])
        return (*self.refusals, *(str(fault) for fault in faults))

    def _unseen(
        self, workload: str, side: Side, error: RouterUnavailableError | RouterObjectMissingError
    ) -> SideReading:
        held = self._objects.get((workload, side))
        shown, note = held.shown if held else None, str(error)
        fault = error if isinstance(error, RouterObjectMissingError) else None
        return SideReading(None, shown, note=note, reachable=False, identifier=side.value, fault=fault)

    def _get(self, workload: str, side: Side) -> _Object:
        if side in self.unreachable:
            msg = f"{workload}: {side} does not answer; try again"
            raise RouterUnavailableError(msg)
        if (workload, side) not in self._objects:
            msg = f"{workload}: {side} has no Ingress; create it"
            raise RouterObjectMissingError(msg)
        return self._objects[workload, side]

    def _try_all(self, changes: Sequence[tuple[str, Side, int | None]], epoch: int) -> None:
        faults: list[CrossfadeError] = []
        for workload, side, weight in changes:
            try:
                self._change(workload, side, weight, epoch)
            except CrossfadeError as error:
                faults.append(error)
        _raise_worst(faults)

    def _change(self, workload: str, side: Side, weight: int | None, epoch: int) -> None:
        read = replace(self._get(workload, side))
        if read.epoch > epoch:
            msg = f"{workload}: {side} carries epoch {read.epoch}, ours is {epoch}; stop writing"
            raise SupersededError(msg)
        if workload in self.refused:
            msg = f"{workload}: {side} may not be written; bind a Role"
            raise RouterRefusedError(msg)
        if weight is not None and not 0 <= weight <= WEIGHT_MAX:
            msg = f"{workload}: {side} cannot carry weight {weight}; use 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
        if read.epoch == epoch and weight in (None, read.declared):
            return
        hook, self.in_between = self.in_between, None
        if hook:
            hook()
        held = self._get(workload, side)
        if held.version != read.version:
            msg = f"{workload}: {side} was changed in between; read again"
            raise WriteConflictError(msg)
        held.epoch, held.version = epoch, held.version + 1
        if weight is not None and weight != held.declared:
            held.declared, held.by = weight, ""
            self.written.append(Write(workload, side, weight))


class InMemoryRescue(Faulty):
    """
    Route 53 itself, under the objects of an InMemoryRouter: what is written is shown at once, annotations stay.

    Attributes:
        written: Every write that took effect, oldest first.
        rehearsed: The names of all workloads that were rehearsed.
        refusals: What `rehearse` answers.
    """

    def __init__(self, clusters: InMemoryRouter) -> None:
        super().__init__()
        self.rehearsed: list[str] = []
        self._objects = clusters._objects
        self._epochs: dict[str, int] = {}
        self.written: list[Write] = []
        self.refusals: tuple[str, ...] = ()

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`."""
        self._trip("observe")
        return tuple(self._read(workload.name) for workload in workloads)

    def _read(self, workload: str) -> Reading:
        try:
            return Reading(workload, *(self._reading(workload, side) for side in Side))
        except RouterObjectMissingError as error:
            lost = SideReading(None, None, note=str(error), reachable=False, fault=error)
            return Reading(workload, lost, lost)

    def _reading(self, workload: str, side: Side) -> SideReading:
        held = self._get(workload, side)
        return SideReading(held.shown, held.shown, epoch=self._epochs.get(workload, 0), identifier=side.value)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`."""
        self._trip("write")
        assert all(workload.identifiers for workload in workloads), "records are found by their set identifiers"
        faults: list[CrossfadeError] = []
        for write in writes:
            try:
                self._stamp(write.workload, epoch)
                held = self._get(write.workload, write.side)
            except CrossfadeError as error:
                faults.append(error)
                continue
            if held.shown != write.weight:
                held.shown = write.weight
                self.written.append(write)
        _raise_worst(faults)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._trip("stamp")
        for workload in workloads:
            self._stamp(workload.name, epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """See `ports.TrafficRouter.rehearse`."""
        self._trip("rehearse")
        assert all(workload.identifiers for workload in workloads), "records are found by their set identifiers"
        self.rehearsed += [workload.name for workload in workloads]
        return self.refusals

    def _stamp(self, workload: str, epoch: int) -> None:
        if self._epochs.get(workload, 0) > epoch:
            msg = f"{workload} carries epoch {self._epochs[workload]}, ours is {epoch}; stop writing"
            raise SupersededError(msg)
        self._epochs[workload] = epoch

    def _get(self, workload: str, side: Side) -> _Object:
        if (workload, side) not in self._objects or self._objects[workload, side].shown is None:
            msg = f"{workload}: {side} has no record; create it"
            raise RouterObjectMissingError(msg)
        return self._objects[workload, side]


def _reading(held: _Object, side: Side) -> SideReading:
    note = "" if held.declared is not None and held.shown is not None else "absent"
    return SideReading(
        held.declared, held.shown, epoch=held.epoch, note=note, identifier=side.value, by=held.by, applied=held.applied
    )


def _raise_worst(faults: Sequence[CrossfadeError]) -> None:
    """One error for all: superseded before permanent before temporary."""
    if not faults:
        return
    ranked = sorted(
        faults, key=lambda fault: (not isinstance(fault, SupersededError), isinstance(fault, TemporaryError))
    )
    raise type(ranked[0])("; ".join(str(fault) for fault in ranked))
