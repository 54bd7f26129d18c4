"""From the series that judged green to the series of the page: the same minutes, less what the page does not show."""

from collections.abc import Iterable

from crossfade.core import series
from crossfade.report.model import Minute, Series


def series_of(measured: Iterable[series.Series]) -> list[Series]:
    """The series that could be read; a workload without numbers has no line on the page."""
    return [
        Series(workload=each.workload, minutes=tuple(_minute(minute) for minute in each.minutes))
        for each in measured
        if each.minutes
    ]


def _minute(minute: series.Minute) -> Minute:
    return Minute(
        at=minute.at,
        blue_requests=minute.blue.requests,
        green_requests=minute.green.requests,
        blue_5xx=minute.blue.errors_5xx,
        green_5xx=minute.green.errors_5xx,
    )
