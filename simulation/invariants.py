"""The promise as code: what must be true after every event, and what must be true in the end.

The numbers are those of the invariants in the documentation. A checker sees the estate and the record; it shares no
code with what decides. A violation is a sentence that begins with its number.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crossfade.core.record import Outcome, Record
from crossfade.core.signals import Signal, SignalKind
from crossfade.core.timeline import Event
from crossfade.core.verdict import AlarmState
from crossfade.core.weight import PERCENT, Side
from crossfade.names import EPOCH_ANNOTATION, TimelineEvent
from simulation.claims import Claims, place
from simulation.cloudwatch import SimulatedAlarms, SimulatedMetrics
from simulation.estate import Change, Estate, Key
from simulation.policy import commanded, stays
from simulation.stranding import Stranding

_ROUNDING = 0.01
_RESIDUE_PERCENT = 1
_LEAVES = frozenset({TimelineEvent.STAGE_PASSED.value, TimelineEvent.SOAK_PASSED.value})
_SKEW = timedelta(minutes=2)
"""By so much the state machine's clock may differ from a person's."""
_ECHO_SECONDS = 65
"""So long name servers may still answer what an earlier migration commanded."""


@dataclass
class Watch:
    """
    Holds one run to the invariants.

    Args:
        estate: What users get.
        alarms: What the product was told.
        metrics: The same of requests and targets.
        record: The record of the migration that may write now.
        sent: What people have told the migration so far, and know to have arrived.
        leaps: Whether the state machine's clock leaps ahead in this run. By that clock it is judged whether a weight
            that was raised is answered everywhere, so then name servers may answer only zeros for a moment.
        skewed: Whether that clock is wrong at all.
        calm: Whether nothing happens in this run but that people hold it, and stop its execution.

    Attributes:
        broken: One sentence a violation, each once.
    """

    estate: Estate
    alarms: SimulatedAlarms
    metrics: SimulatedMetrics
    record: Callable[[], Record | None]
    sent: Sequence[Signal] = ()
    leaps: bool = False
    skewed: bool = False
    calm: bool = False
    broken: list[str] = field(default_factory=list)
    _versions: dict[Key, int] = field(default_factory=dict)
    _epochs: dict[Key, int] = field(default_factory=dict)
    _markers: dict[str, int] = field(default_factory=dict)
    _foreign: frozenset[Key] = frozenset()
    _seen: int = 0
    _commanded: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    _noted: Record | None = None
    _has_succeeded: bool = False
    _has_parted: bool = False
    _latched: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.stranding = Stranding(self.estate, self.metrics, self.violated)
        self.claims = Claims(self.estate, self.violated)

    def look(self) -> None:
        """After every event."""
        self._never_all_zero()
        self._never_more_than_commanded()
        for change in self.estate.changes[self._seen :]:
            self._one_way(change)
            self._nobody_elses(change)
            self.stranding.saw(change)
        self._seen = len(self.estate.changes)
        self._epochs_only_rise()

    def saved(self, before: Record | None, after: Record) -> None:
        """When a record was saved: what it claims must be true at that moment."""
        ours = self.record()
        if ours is None or after.migration != ours.migration:
            return
        if after.rollback_began is not None and (before is None or before.rollback_began is None):
            names = {workload.name for workload in after.plan.workloads if not stays(after, workload.name)}
            self.stranding.began(after, frozenset(names - set(after.left_out)))
            if self.calm and before is not None and before.bake_began and self._is_held(self.estate.clock.now):
                self.violated("I21", f"it was given back while it was held: {after.reason}")
        if before is not None and after.stage > before.stage >= 0 and before.bake_began is not None:
            self._passed_on_evidence(before)
        if after.outcome is not None and (before is None or before.outcome is not after.outcome):
            self.claims.made(after)
            self.stranding.ended(after)
            self._has_parted |= after.outcome is Outcome.PARTLY_ROLLED_BACK
            self._has_succeeded |= self._has_parted or after.outcome is Outcome.SUCCEEDED

    def latched(self, at: float) -> None:
        """When the product was told, and took it, that alarms went into ALARM *at* seconds after the start."""
        self._latched.append(at)

    def taken(self, migration: str, others: list[str]) -> None:
        """When a lease was taken: nobody else may be under way."""
        for other in others:
            self.violated("I5", f"{migration} took the lease while {other} was under way")

    def _never_all_zero(self) -> None:
        for workload in self.estate.plan.workloads:
            blue, green = (workload.name, Side.BLUE), (workload.name, Side.GREEN)
            for name, shown in (("answers", self.estate.answered), ("lists", self.estate.listed)):
                if shown[blue] == 0 == shown[green] and not (self.leaps and shown is self.estate.answered):
                    self.violated("I2", f"{workload.name}: Route 53 {name} only zero weights")

    def _never_more_than_commanded(self) -> None:
        if self._has_succeeded:
            return  # green has all traffic, whatever a later migration wants
        self._note_commands()
        now = self.estate.seconds
        for workload in self.estate.plan.workloads:
            most = self._most_commanded(workload.name, now)
            share = self._share(workload.name)
            if (
                share is not None
                and share > most * 1.05 + _ROUNDING
                and workload.name not in self._edited() | self.stranding.kept
            ):
                self.violated("I3", f"{workload.name}: {share:.2f} % on green, only {most:g} % were commanded")

    def _note_commands(self) -> None:
        """Remember what is commanded from now on; only what changes is written down."""
        record = self.record()
        if record is self._noted:
            return
        self._noted, now = record, self.estate.seconds
        for workload in self.estate.plan.workloads:
            commands = self._commanded[workload.name]
            share = commanded(record, workload.name) if record is not None else 0.0
            if not commands or commands[-1][1] != share:
                commands.append((now, share))

    def _most_commanded(self, workload: str, now: float) -> float:
        """The highest share that was commanded when an answer of now may have been written, in percent."""
        commands = self._commanded[workload]
        while len(commands) > 1 and now - commands[1][0] > _ECHO_SECONDS:
            del commands[0]
        return max([share for _, share in commands], default=0.0)

    def _share(self, workload: str) -> float | None:
        blue, green = (self.estate.answered[workload, side] for side in (Side.BLUE, Side.GREEN))
        return 100 * green / (blue + green) if blue + green else None

    def _edited(self) -> set[str]:
        """Workloads whose weight a person has edited: what they did is not ours to answer for."""
        return {change.workload for change in self.estate.changes if not change.ours}

    def _edited_last(self) -> set[str]:
        """Workloads whose last change was a person's, after the end."""
        last = {change.workload: change for change in self.estate.changes}
        return {workload for workload, change in last.items() if not change.ours}

    def _nobody_elses(self, change: Change) -> None:
        """On the way forward no weight is written over that a person has put there."""
        key = (change.workload, change.side)
        record = self.record()
        if change.ours and key in self._foreign and record is not None and record.rollback_began is None:
            what = f"{change.workload}: {change.side} {change.before} was a person's; we wrote {change.after}"
            self.violated("I10", what)
        self._foreign = self._foreign - {key} if change.ours else self._foreign | {key}

    def _one_way(self, change: Change) -> None:
        """Towards green until the rollback begins, or that of one workload; towards blue from then on."""
        record = self.record()
        if not change.ours or record is None or change.workload in self._edited():
            return
        if record.rollback_began is None and record.stage < len(record.plan.stages):
            self.stranding.wrote(change, record)
        if change.direct and change.epoch < self._markers.get(change.workload, 0):
            return  # a rule knows no precondition: the last call of an older epoch, which the younger one writes over
        to_green = (change.after > change.before) is (change.side is Side.GREEN)
        goes_back = change.workload in record.left_out
        if stays(record, change.workload) and self._share(change.workload) == PERCENT:
            return  # green gets blue's former weight while it has all traffic
        if goes_back and record.rollback_began is None and not to_green:
            return
        if (record.rollback_began is not None or goes_back) and to_green and change.after != self._baseline(change):
            what = f"{change.workload}: {change.side} {change.before} to {change.after} after the rollback began"
            self.violated("I9", what)
        if record.rollback_began is None and not to_green and record.stage <= len(record.plan.stages):
            if (record.stage, change.side) == (len(record.plan.stages), Side.GREEN):
                return  # green gets blue's former weight while it has all traffic
            self.violated(
                "I9", f"{change.workload}: {change.side} {change.before} to {change.after} while going forward"
            )

    @staticmethod
    def _baseline(change: Change) -> int:
        return 100 if change.side is Side.BLUE else 0

    def _epochs_only_rise(self) -> None:
        for key, held in self.estate.ingresses.items():
            if held.version == self._versions.get(key):
                continue
            self._versions[key] = held.version
            epoch = int(held.annotations.get(EPOCH_ANNOTATION, "0"))
            if epoch < self._epochs.get(key, 0):
                self.violated("I5", f"{key[0]} {key[1]}: epoch {epoch} wrote after epoch {self._epochs[key]}")
            self._epochs[key] = max(epoch, self._epochs.get(key, 0))
        for workload, epoch in self.estate.markers.items():
            if epoch < self._markers.get(workload, 0):
                self.violated("I5", f"{workload}: records of epoch {epoch} after epoch {self._markers[workload]}")
            self._markers[workload] = max(epoch, self._markers.get(workload, 0))

    def _passed_on_evidence(self, before: Record) -> None:
        left = [workload for workload in before.plan.workloads if workload.name not in before.left_out]
        on_green = [workload for workload in left if commanded(before, workload.name)]
        if not on_green:
            return  # all that has moved was given back: green has nobody to be judged by
        spoken = {alarm for workload in on_green for alarm in workload.alarms}  # not those of a wave that comes next
        looks = zip(self.alarms.reads, self.alarms.asked, strict=True)
        told = next((states for (_, states), asked in reversed(list(looks)) if asked <= spoken), frozenset())
        if told != {AlarmState.OK}:
            words = ", ".join(sorted(told)) or "nothing"
            self.violated("I8", f"stage {before.stage + 1} was left although the alarms said {words}")
        began = (before.stage_began - self.estate.began).total_seconds() if before.stage_began else 0
        if any(at >= began for at in self._latched):
            self.violated("I8", f"stage {before.stage + 1} was left although an alarm had been in ALARM")

    def end(self, *, paged: bool, healed: bool) -> None:
        """
        When everything is quiet.

        Args:
            paged: Whether somebody was paged.
            healed: Whether every trouble has ended, so that there is no excuse left.
        """
        record = self.record()
        self.claims.charged(record)
        edited = self._edited_last()
        places = {place(self.estate, w.name) for w in self.estate.plan.workloads if w.name not in edited}
        astray = places - {(100, 0), (0, 100)}
        divided = len(places) > 1 and not self._has_parted
        self.stranding.told(paged=paged)
        if (divided or astray) and not self.stranding.kept:
            words = ", ".join(f"blue {blue} : green {green}" for blue, green in sorted(places))
            if healed:
                self.violated("I4", f"everything is quiet and traffic is at {words}")
            elif not paged:
                self.violated("I4", f"traffic is at {words} and nobody was paged")
        if record is not None and record.outcome is None and record.epoch:  # without a lease nothing was begun
            self.violated("I17", "the migration never ended")
        for key in self.estate.ingresses if healed else ():
            declared, listed = self.estate.declared(*key), self.estate.listed[key]
            if key[0] not in edited and declared != listed:
                self.violated("I4", f"{key[0]} {key[1]}: annotated {declared}, Route 53 lists {listed}")
        if record is not None and record.outcome in {Outcome.ROLLED_BACK, Outcome.ROLLBACK_UNCONFIRMED}:
            self._given_back()
        if record is not None and record.outcome is Outcome.SUCCEEDED and places - {(0, 100)}:
            self.violated("I19", f"it ended as Succeeded with traffic at {places}")

    def left(self, timeline: Sequence[Event]) -> None:
        """No stage was left, nor the soak, while a person held the migration, by its *timeline*."""
        for event in timeline:
            if event.what in _LEAVES and self._is_held(event.at):
                self.violated("I21", f"{event.text}, at {event.at:%H:%M:%S}, while it was held")

    def _is_held(self, at: datetime) -> bool:
        """Whether a person held the migration *at* that instant, and knew that the word had arrived."""
        holds = [signal for signal in self.sent if signal.kind is SignalKind.HOLD and signal.at < at]
        skew = _SKEW if self.skewed else timedelta(0)
        return bool(holds and holds[-1].until and holds[-1].at + skew < at < holds[-1].until - skew)

    def _given_back(self) -> None:
        """Whatever is broken for good, Route 53 gives green next to nothing any more."""
        for workload in self.estate.plan.workloads:
            blue, green = place(self.estate, workload.name)
            record = self.record()
            if workload.name in self.stranding.kept:
                continue
            if record is not None and stays(record, workload.name):
                continue
            if workload.name not in self._edited() and 100 * green > _RESIDUE_PERCENT * (blue + green):
                self.violated("I7", f"{workload.name} is left at blue {blue} : green {green} after a rollback")

    def violated(self, number: str, words: str) -> None:
        """Note that the invariant *number* does not hold; the same sentence counts once."""
        sentence = f"{number} {words}"
        if sentence not in self.broken:
            self.broken.append(sentence)
