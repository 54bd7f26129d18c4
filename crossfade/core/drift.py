"""Drift: the authority shows weights that this migration has not left there.

It says what is shown, not who wrote it: the authority knows no hands. This file knows no router.
"""

from collections.abc import Mapping, Sequence

from crossfade.core.traffic import Reading
from crossfade.core.verdict import Cause, Health, Verdict
from crossfade.core.weight import Side, Split


def drift(left: Mapping[str, Split], readings: Sequence[Reading]) -> Verdict | None:
    """
    Judge what was just read against what was last read back.

    Args:
        left: By workload; a workload that is not in it is still on its way, and nothing is said of it.
        readings: As just read.

    Returns:
        Unhealthy, with every weight that somebody else has changed; None when there is none.
    """
    foreign = [
        f"{reading.workload} shows {_shown(reading)} instead of {wanted}"
        for reading in readings
        if (wanted := left.get(reading.workload)) is not None and not _is_as(reading, wanted)
    ]
    if not foreign:
        return None
    sentence = f"somebody else changed a weight that this migration holds: {'; '.join(foreign)}"
    return Verdict(Health.UNHEALTHY, sentence, Cause.DRIFT)


def _is_as(reading: Reading, wanted: Split) -> bool:
    return all(reading.side(side).authoritative == wanted.weight(side) for side in Side)


def _shown(reading: Reading) -> str:
    weights = {side: reading.side(side).authoritative for side in (Side.BLUE, Side.GREEN)}
    return " : ".join(f"{side} {'no weight' if weight is None else weight}" for side, weight in weights.items())
