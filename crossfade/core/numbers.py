"""Evidence in figures: small numbers for the timeline, and the same in a sentence. Nothing is judged here."""

from collections.abc import Sequence
from math import exp, log
from typing import Any, Final

from crossfade.core.series import Minute, blue_count, green_count
from crossfade.core.statistics import Count, fisher_p
from crossfade.core.weight import PERCENT

_SHOWN_MAX: Final = 1e12


def compared(minutes: Sequence[Minute]) -> str:
    """Both sides over *minutes*: `3 of 300 requests on green, 1 of 5,700 requests on blue`."""
    green, blue = green_count(minutes), blue_count(minutes)
    return f"{part(green)} on green, {part(blue) if blue.requests else 'none'} on blue"


def part(count: Count) -> str:
    """How many failed: `3 of 300 requests`."""
    return f"{count.failures:,} of {count.requests:,} requests"


def percent(share: float) -> str:
    """*share*, 0 to 1, in percent with three digits: `0.05 %`."""
    return f"{share * PERCENT:.3g} %"


def numbers(blue: Count, green: Count) -> dict[str, Any]:
    """Requests and failures of both sides, green's observed share in percent, and Fisher's p that green is no worse."""
    requests = blue.requests + green.requests
    return {
        "blue_requests": blue.requests,
        "blue_failed": blue.failures,
        "green_requests": green.requests,
        "green_failed": green.failures,
        "share_percent": round(PERCENT * green.requests / requests, 2) if requests else None,
        "p_worse": float(f"{fisher_p(green, blue):.3g}"),
    }


def shown(log_evidence: float) -> float:
    """Evidence as a number for people: three digits, from 0.001 (below that 0) to 10¹²."""
    return float(f"{round(exp(min(log_evidence, log(_SHOWN_MAX))), 3):.3g}")
