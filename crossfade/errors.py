"""Every error Crossfade raises on purpose: Temporary ones are retried, Permanent ones roll back.

Rule 1: the class name *is* the Step Functions error name, so it tells the state machine what to do.
Rule 2: the message ends by telling the reader what to do next.
This file knows no AWS and no Kubernetes; adapters translate their codes into these classes.
"""


class CrossfadeError(Exception):
    """The root of all errors that Crossfade raises on purpose."""


class TemporaryError(CrossfadeError):
    """Asking again later can succeed: the state machine retries."""


class PermanentError(CrossfadeError):
    """Asking again is useless: the state machine rolls back."""


# --- Temporary -------------------------------------------------------------------------------------------------------


class RouterThrottledError(TemporaryError):
    """The traffic router refused the call because of its rate limit."""


class RouterUnavailableError(TemporaryError):
    """The traffic router, or the API server in front of it, did not answer."""


class WriteConflictError(TemporaryError):
    """Somebody changed the object between our read and our write; read again and decide again."""


class LedgerUnavailableError(TemporaryError):
    """The ledger did not answer or throttled the call."""


class AlarmsUnavailableError(TemporaryError):
    """CloudWatch did not answer or throttled the call; no evidence is not good evidence."""


# --- Permanent -------------------------------------------------------------------------------------------------------


class InvalidConfigError(PermanentError):
    """
    The configuration breaks one or more rules.

    Attributes:
        faults: One sentence a fault, each starting with the path of the field.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(self.faults))


class InvalidInputError(PermanentError):
    """The input of this execution names something that the deployed configuration lacks, or breaks a rule."""


class PlanExpiredError(PermanentError):
    """The start came later than the plan's `notAfter` allows."""


class WindowClosedError(PermanentError):
    """The start came outside the change windows, or in a freeze; the message names the next start."""


class LeaseHeldError(PermanentError):
    """Another migration holds the lease on a host that this one wants to move."""


class PreflightFailedError(PermanentError):
    """A check made before the first write failed; nothing was changed."""


class RouterObjectMissingError(PermanentError):
    """An object that carries a weight (an Ingress, a record) does not exist or lacks its weight."""


class RouterRefusedError(PermanentError):
    """The router will not accept the write (permissions, validation), however often it is asked."""


class SharedWeightError(PermanentError):
    """Workloads that share one weight would be moved apart; move them together, or give each its own."""


class LedgerRefusedError(PermanentError):
    """The ledger will not serve us (permissions, a missing table), however often it is asked."""


class AlarmsRefusedError(PermanentError):
    """CloudWatch does not let us read alarms; without evidence nothing goes on."""


class NotPropagatedError(PermanentError):
    """A weight was written, but the authority did not show it in time. Says nothing about health."""


class DriftError(PermanentError):
    """Somebody else changed a weight that this migration holds."""


class AbortedError(PermanentError):
    """A person asked for an orderly rollback while traffic was moving."""


class SupersededError(PermanentError):
    """A younger epoch took over; this run may not write any more."""


class StageRefusedError(PermanentError):
    """A check made before a stage failed; nothing of that stage was written."""


class WeightsRevertedError(PermanentError):
    """Weights that were given back in Route 53 are written back to the old ones, again and again."""


class BlueIsDeadError(PermanentError):
    """Blue has no healthy target to take traffic back, while green serves it."""
