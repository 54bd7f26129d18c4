"""One look at burnham's series, with yelb always well: what the tests of evidence and of assessments share."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from crossfade.core.assessment import Assessment, Seen, assess
from crossfade.core.plan import Plan
from crossfade.core.series import MINUTE, Minute, Sample, Series
from crossfade.core.verdict import Alarm, AlarmState, Cause, Health
from tests.steps.scene import NAMES, T0, a_plan

PLAN = a_plan(shares=(5, 50, 100))
ALARMS = tuple(f"green-{name}-5xx" for name in NAMES)
OK, ALARM, SILENT, GONE = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA, AlarmState.MISSING
GOOD = Sample(requests=300)
MOVED = T0 + 2 * MINUTE
AT_5, AT_50, AT_100 = range(3)


def minutes(*pairs: tuple[Sample, Sample], begin: datetime = MOVED) -> list[Minute]:
    """One minute after the other: blue, green."""
    return [Minute(begin + number * MINUTE, blue, green) for number, (blue, green) in enumerate(pairs)]


def flow(blue: Sample, green: Sample, length: int, begin: datetime = MOVED) -> list[Minute]:
    return minutes(*[(blue, green)] * length, begin=begin)


def look(
    series: Iterable[Minute] | str,
    *,
    stage: int = AT_50,
    after: timedelta = timedelta(minutes=12),
    plan: Plan = PLAN,
    states: dict[str, AlarmState] | None = None,
    latched: Sequence[str] = (),
) -> Assessment:
    """Judge *series* (or why there is none) of burnham; yelb is always well."""
    told = dict.fromkeys(ALARMS, OK) | (states or {})
    mine = Series("burnham", unreadable=series) if isinstance(series, str) else Series("burnham", tuple(series))
    share = plan.stages[stage].split.green_part
    well = flow(Sample(round(60_000 * (1 - share))), Sample(round(60_000 * share)), after // MINUTE)
    return assess(
        plan,
        Seen(
            alarms={name: Alarm(name, state) for name, state in told.items() if state is not GONE},
            series={"burnham": mine, "yelb": Series("yelb", tuple(well))},
            latched=latched,
        ),
        stage=stage,
        began=T0,
        moved=MOVED,
        now=MOVED + after,
    )


def said(found: Assessment) -> tuple[Health, Cause]:
    return found.verdict.health, found.verdict.cause


UNHEALTHY, INCONCLUSIVE, HEALTHY = Health.UNHEALTHY, Health.INCONCLUSIVE, Health.HEALTHY
SICK = (Sample(3_000, 360), Sample(3_000, 375))
BOTH_SICK = flow(*SICK, 4)
