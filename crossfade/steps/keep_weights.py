"""Keep weights: store what was read back where Terraform and people find it. It changes nothing else."""

from collections.abc import Callable, Mapping
from datetime import datetime

from crossfade.core.fleet import read_back
from crossfade.core.weight import Split
from crossfade.errors import CrossfadeError
from crossfade.names import TimelineEvent
from crossfade.ports import Ledger, WeightsOfRecord
from crossfade.steps.common import note


def keep_weights(
    ledger: Ledger,
    weights: WeightsOfRecord,
    migration: str,
    *,
    now: datetime,
    show: Callable[[Mapping[str, Split]], object],
) -> None:
    """
    Store the weights at which *migration* was last read back; what could not be stored goes into its timeline.

    Args:
        ledger: Where they stand.
        weights: Where to store them.
        migration: Its name.
        now: When this call is made.
        show: Told of them, by workload, for the dashboard.

    Never raises: traffic has moved already, whatever becomes of the note about it.
    """
    try:
        record = ledger.load(migration)
        found = read_back(record) if record else {}
        if record is None or not found:
            return
        show(found)
        faults = weights.keep(record.plan, found, migration=migration, now=now)
        if faults:
            text = f"the weights of record are behind: {'; '.join(faults)}"
            note(ledger, record, now, TimelineEvent.WEIGHTS_NOT_KEPT, text)
    except CrossfadeError:
        return
