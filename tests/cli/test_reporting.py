"""The report of a run in the embedded world counts what users got until the migration had ended, and no longer."""

from datetime import UTC, datetime, timedelta

from crossfade.cli.reporting import totals_until
from crossfade.report import Minute, Series

BEGIN = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def test_what_users_got_after_the_end_is_not_in_the_totals() -> None:
    minutes = tuple(
        Minute(at=BEGIN + timedelta(minutes=at), blue_requests=90, green_requests=10, blue_5xx=1, green_5xx=at)
        for at in range(5)
    )
    series = [Series(workload=name, minutes=minutes) for name in ("burnham", "yelb")]

    totals = totals_until(series, BEGIN + timedelta(minutes=2, seconds=30))

    assert (totals.requests, totals.failed) == (2 * 3 * 100, 2 * (3 + 0 + 1 + 2))
