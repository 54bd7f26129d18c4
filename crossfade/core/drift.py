"""Drift: the authority shows weights that this migration has not left there.

It says what is shown, not who wrote it: the authority knows no hands. This file knows no router.
"""

from collections.abc import Mapping, Sequence

from crossfade.core.traffic import Reading
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.weight import Side, Split
from crossfade.errors import RouterRefusedError


def drift(left: Mapping[str, Split], readings: Sequence[Reading]) -> Verdict | None:
    """
    Judge what was just read against what was last read back.

    Args:
        left: By workload; a workload that is not in it is still on its way, and nothing is said of it.
        readings: As just read.

    Returns:
        Unhealthy, with every weight that somebody else has changed; inconclusive where nobody may look, which says
        nothing of a weight; None when all are as they were left.
    """
    refused = {reading.workload: fault for reading in readings if (fault := _refused(reading))}
    foreign = [
        f"{reading.workload} shows {_shown(reading)} instead of {wanted}"
        for reading in readings
        if (wanted := left.get(reading.workload)) is not None
        and reading.workload not in refused
        and not _is_as(reading, wanted)
    ]
    if foreign:
        sentence = f"somebody else changed a weight that this migration holds: {'; '.join(foreign)}"
        return Verdict(Health.UNHEALTHY, sentence, Cause.DRIFT)
    if unread := [str(fault) for workload, fault in refused.items() if workload in left]:
        return Verdict(Health.INCONCLUSIVE, f"the weights cannot be read: {'; '.join(unread)}", Cause.UNREADABLE)
    return None


def _refused(reading: Reading) -> RouterRefusedError | None:
    faults = (reading.side(side).fault for side in Side)
    return next((fault for fault in faults if isinstance(fault, RouterRefusedError)), None)


def _is_as(reading: Reading, wanted: Split) -> bool:
    return all(reading.side(side).authoritative == wanted.weight(side) for side in Side)


def _shown(reading: Reading) -> str:
    weights = {side: reading.side(side).authoritative for side in (Side.BLUE, Side.GREEN)}
    return " : ".join(f"{side} {'no weight' if weight is None else weight}" for side, weight in weights.items())
