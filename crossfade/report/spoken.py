"""The charts in sentences, for those who do not see them."""

from collections.abc import Sequence

from crossfade.report.counting import Bin
from crossfade.report.model import Report


def shares(report: Report, found: Sequence[Bin]) -> str:
    """The chart of shares in sentences."""
    seen = [(b.observed_percent, b.begin) for b in found if b.observed_percent is not None]
    stages = ", ".join(f"{stage.wanted_percent:g} %" for stage in report.stages if stage.began)
    parts = [f"Stages begun: {stages or 'none'}."]
    if seen:
        most, at = max(seen, key=lambda one: one[0])
        parts.append(
            f"The observed share was highest at {at:%H:%M} UTC with {most:.1f} % and last {seen[-1][0]:.1f} %."
        )
    else:
        parts.append("The observed share was not measured.")
    if report.rollback_began:
        parts.append(f"The rollback was decided at {report.rollback_began:%H:%M:%S} UTC.")
    return " ".join(parts)


def failures(found: Sequence[Bin]) -> str:
    """The chart of failure rates in sentences."""
    parts = []
    for side, rates in (
        ("Blue", [(b.blue_5xx_percent, b.begin) for b in found]),
        ("Green", [(b.green_5xx_percent, b.begin) for b in found]),
    ):
        known = [(rate, at) for rate, at in rates if rate is not None]
        if known:
            most, at = max(known, key=lambda one: one[0])
            parts.append(f"{side} was highest with {most:.2f} %" + (f" at {at:%H:%M} UTC." if most else "."))
        else:
            parts.append(f"{side} was not measured.")
    return " ".join(parts)


def requests(report: Report) -> str:
    """Requests and failures in a sentence."""
    if report.totals is None:
        return "Requests were not measured."
    failed = report.totals.failed
    of_them = "how many failed was not measured" if failed is None else f"{failed:,} of them failed"
    return f"{report.totals.requests:,} requests in all, {of_them}."
