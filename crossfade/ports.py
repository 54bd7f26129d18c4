"""What Crossfade asks of the world, in words. Adapters keep these promises; contract tests hold them to it.

Every method raises a `TemporaryError` when asking again can help and a `PermanentError` when it cannot.
No method sleeps or retries for longer than its network time-outs: waiting is the state machine's business.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from crossfade.core.announcement import Announcement
from crossfade.core.facts import EstateFacts
from crossfade.core.latch import Latch
from crossfade.core.notice import Notice
from crossfade.core.plan import Plan
from crossfade.core.probe import Answers
from crossfade.core.record import Ends, Record
from crossfade.core.series import Series
from crossfade.core.signals import Signal
from crossfade.core.timeline import Brief, Event
from crossfade.core.traffic import Reading, Write
from crossfade.core.verdict import Alarm
from crossfade.core.weight import Split
from crossfade.core.workload import Workload


class TrafficRouter(Protocol):
    """Weights of workloads in both clusters: written through one technology, read back from its authority."""

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """
        Read both sides of every workload, from the source of truth and from the authority, in the given order.

        One side whose source of truth does not answer is read as not `reachable`, with what the authority shows.
        So is one that cannot be read at all (no such Ingress or record, no permission); its `fault` says why. What is
        wrong with one workload never hides the others.

        Raises:
            RouterThrottledError: Ask again later.
            RouterUnavailableError: Neither side of a workload answers, or the authority does not; likewise.
            PermanentError: The authority may not be read, or has no such zone.
        """

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """
        Write absolute weights and stamp the objects with *epoch*; writing the same twice changes nothing.

        A write takes effect only if the object is as it was when this call read it, and never when a younger
        epoch has stamped it. *writes* concern some of *workloads*; a workload without a write is not touched.

        Raises:
            SupersededError: A younger epoch has stamped one of the objects.
            WriteConflictError: An object changed in between; some writes may have been made.
            RouterRefusedError: The write is not allowed or not valid.
            RouterObjectMissingError, RouterThrottledError, RouterUnavailableError: As above.
        """

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """
        Stamp both sides of every workload with *epoch* without changing a weight, so that older epochs lose.

        Does as many objects as it can. Raises as `write` does, after it has tried them all.
        """

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """
        Try every write that a rollback would need, without effect (server-side dry run).

        Returns:
            One sentence a fault, each with the fix; empty when a rollback can be written.
        """


class AlarmSource(Protocol):
    """CloudWatch alarms by name."""

    def read(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """
        Read the alarms *names*, metric and composite; a name that does not exist is simply not in the answer.

        Raises:
            AlarmsUnavailableError: CloudWatch did not answer.
        """


class MetricSource(Protocol):
    """Requests and failures of both sides, minute by minute, as their load balancers counted them."""

    def read(
        self, workloads: Sequence[Workload], *, since: datetime, until: datetime, ends: Sequence[Ends] = ()
    ) -> Mapping[str, Series]:
        """
        Read the series of *workloads*, by name; every one of them is in the answer.

        The load balancers are looked up anew each time: one that was replaced has other series. What cannot be read
        for one workload alone (no record, no load balancer) is said in its `Series.unreadable`.

        Args:
            workloads: Whose series.
            since: UTC; only minutes that begin at or after it.
            until: UTC; only minutes that end at or before it. The last ones may be incomplete.
            ends: Where the records led before. Believed when the zone does not answer, if they are of all *workloads*.

        Raises:
            AlarmsUnavailableError, RouterThrottledError, RouterUnavailableError: Ask again later.
            PermanentError: It may not be read.
        """


class Switch(Protocol):
    """The health checks on green's records, of the workloads that have one."""

    def flip(self, zone: str, workloads: Sequence[str], *, out: bool, now: datetime) -> None:
        """
        Take green of *workloads* out of the answers of DNS, or let it in again; the same twice is once.

        It needs neither Route 53's API nor a cluster. It takes effect within a few minutes, and stays so until it is
        flipped again, whatever becomes of us.

        Args:
            zone: Id of the hosted zone.
            workloads: Their names.
            out: Out, or in.
            now: UTC.

        Raises:
            AlarmsUnavailableError: Ask again; some may have been flipped.
            AlarmsRefusedError: We may not.
        """


class Probe(Protocol):
    """Asks the load balancers of both sides whether they answer for a host, past DNS."""

    def ask(self, workloads: Sequence[Workload]) -> Mapping[str, Answers]:
        """
        Ask both sides of those of *workloads* that have a probe; every one of them is in the answer, by name.

        The load balancers are looked up anew each time, and the address is theirs: it comes from no input. What is
        asked changes nothing: a GET that follows no redirect. A load balancer that cannot be told, found or reached
        is said in the `Answer`; it is no error.

        Raises:
            AlarmsUnavailableError, RouterThrottledError, RouterUnavailableError: The look-up; ask again later.
            PermanentError: It may not be made.
        """


class EstateReader(Protocol):
    """Everything else that the preflight looks at: Ingresses, ExternalDNS, records, load balancers, alarms' sight."""

    def read(self, plan: Plan) -> EstateFacts:
        """
        Read the estate of *plan*, anew and without changing anything.

        What does not exist, and an ExternalDNS that may not be seen, is said in the answer.

        Raises:
            PermanentError: Something else may not be read.
            RouterThrottledError, RouterUnavailableError, AlarmsUnavailableError: Ask again later.
        """

    def glance(self, plan: Plan) -> EstateFacts:
        """
        Read what a stage of *plan* rests on: its objects, ExternalDNS, load balancers and their targets. No more.

        Raises:
            See `read`.
        """


class Ledger(Protocol):
    """The record of migrations, leases, signals and timelines: the truth when an execution is gone."""

    def open(self, record: Record) -> Record:
        """
        Store *record* as new; the same migration and execution again returns what is stored.

        Raises:
            LeaseHeldError: Another execution used this name.
        """

    def load(self, migration: str) -> Record | None:
        """The stored record, read consistently; None when there is none."""

    def save(self, record: Record) -> Record:
        """
        Store *record* and raise its revision.

        Raises:
            WriteConflictError: Somebody saved another revision in between.
        """

    def take(self, units: Sequence[str], *, migration: str, execution: str, now: datetime, fresh: bool = False) -> int:
        """
        Take the lease on all *units* or on none, with an epoch above every earlier one.

        Asking again for the same execution returns the epoch it already has; with *fresh* it gets a higher one,
        so that whatever still runs under the old epoch can no longer write.

        Raises:
            LeaseHeldError: Another execution holds one; the message names it.
        """

    def holds(self, units: Sequence[str], *, epoch: int) -> bool:
        """Whether the lease on all *units* is held with exactly *epoch*."""

    def release(self, units: Sequence[str], *, epoch: int) -> None:
        """Give up the lease where it is still held with *epoch*; otherwise change nothing."""

    def leased(self) -> tuple[str, ...]:
        """The names of all migrations that hold a lease, in order."""

    def append(self, migration: str, event: Event) -> None:
        """Add to the timeline; the same event twice is one entry."""

    def timeline(self, migration: str) -> tuple[Event, ...]:
        """All entries, oldest first."""

    def signal(self, migration: str, signal: Signal) -> None:
        """Leave *signal* for the migration; the same signal twice is one."""

    def signals(self, migration: str) -> tuple[Signal, ...]:
        """All signals, oldest first."""

    def latch(self, migration: str, latch: Latch) -> None:
        """Remember that an alarm went into ALARM; the same latch twice is one."""

    def latches(self, migration: str) -> tuple[Latch, ...]:
        """All latches, oldest first."""

    def brief(self, migration: str) -> Brief:
        """Record, signals and latches, all as they are after this call began: one request for what every look reads."""

    def listen(self, migration: str, *, now: datetime) -> None:
        """Forget that somebody rang, and any token: only who rings from now on ends the next sleep of *migration*."""

    def ring(self, migration: str, *, now: datetime) -> str | None:
        """
        Let the next sleep of *migration* end before it begins; or give away the token of the one that is under way.

        A token is a secret, and given to one caller only.

        Returns:
            The token that ends the present sleep; None when it does not sleep, or is being woken already.
        """


class Executions(Protocol):
    """The executions of the state machine."""

    def status(self, execution: str) -> str:
        """
        Step Functions' word for the state of *execution* (RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED).

        Returns:
            DELETED when Step Functions does not know it any more.

        Raises:
            LedgerUnavailableError: Step Functions did not answer.
        """

    def wake(self, token: str) -> bool:
        """
        End the sleep that *token* stands for; whether there still was such a sleep.

        Raises:
            LedgerUnavailableError: Step Functions did not answer.
            LedgerRefusedError: We may not.
        """


class WeightsOfRecord(Protocol):
    """Where Terraform and people find the weights that were last read back, one entry a workload."""

    def keep(self, plan: Plan, weights: Mapping[str, Split], *, migration: str, now: datetime) -> tuple[str, ...]:
        """
        Store *weights*, by workload, as read back by *migration* at *now*; storing the same twice is storing it once.

        What it does never changes what traffic does.

        Returns:
            One sentence for every workload that could not be stored. Never raises.
        """


class Notifier(Protocol):
    """Tells people. What it does never changes what traffic does."""

    def tell(self, notice: Notice) -> bool:
        """Deliver *notice*; False when it could not be delivered. Never raises."""


class Announcer(Protocol):
    """Tells machines what has changed. What it does never changes what traffic does."""

    def announce(self, news: Announcement) -> bool:
        """Deliver *news*; False when it could not be delivered. Never raises."""


class Reports(Protocol):
    """Where the evidence of ended migrations is kept, for people."""

    def put(self, migration: str, *, html: str, json: str) -> str:
        """
        Keep the report of *migration*, instead of an earlier one.

        Returns:
            Where it is.

        Raises:
            LedgerUnavailableError, LedgerRefusedError: It is not kept.
        """
