"""Wake: let a migration that sleeps look at once. It decides nothing and can be done any number of times."""

from datetime import datetime

from crossfade.ports import Executions, Ledger


def wake(ledger: Ledger, executions: Executions, migration: str, *, now: datetime) -> bool:
    """
    End the sleep of *migration*, or its next one before it begins.

    Returns:
        Whether it was asleep and has been woken; if not, it looks by itself soon.

    Raises:
        LedgerUnavailableError, LedgerRefusedError: It may have been woken or not.
    """
    token = ledger.ring(migration, now=now)
    return token is not None and executions.wake(token)
