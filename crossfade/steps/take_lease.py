"""Take lease: be the only one who moves these hosts."""

from typing import Any

from crossfade.errors import SupersededError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger
from crossfade.steps.common import note
from crossfade.steps.tasks import Task


def take_lease(ledger: Ledger, task: Task) -> dict[str, Any]:
    """
    Take the lease on every host of the plan, or on none.

    Raises:
        LeaseHeldError: Another migration moves one of the hosts.
        SupersededError: The migration is not in the ledger, or has ended.
    """
    record = ledger.load(task.migration)
    if record is None or record.outcome is not None:
        msg = f"migration {task.migration} is not in the ledger or has ended; start a new one"
        raise SupersededError(msg)
    epoch = ledger.take(record.plan.lease_units, migration=task.migration, execution=task.execution, now=task.now)
    if record.epoch != epoch:
        record = ledger.save(record.with_(epoch=epoch))
        note(ledger, record, task.now, TimelineEvent.LEASE_TAKEN, f"lease taken with epoch {epoch}", epoch=epoch)
    ledger.listen(task.migration, now=task.now)
    return {"epoch": epoch}
