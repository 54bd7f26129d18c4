"""Door: Report. Woken when a migration has ended, outside the state machine, so that it can delay or harm nothing."""

from crossfade.core.record import Record
from crossfade.core.traffic import Reading
from crossfade.errors import CrossfadeError
from crossfade.names import Function
from crossfade.report import build, render
from crossfade.report.measured import series_of
from crossfade.report.model import Environment, Series
from crossfade.steps.tasks import EndedMigration
from crossfade.wiring import Wired, wired_here
from lambdas.door import Json, door


@door(Function.REPORT, EndedMigration)
def handler(ended: EndedMigration) -> Json:
    parts = wired_here()
    record = parts.ledger.load(ended.migration)
    if record is None or record.ended is None:
        return {}  # it never began, or the guardian still restores it and will say so
    readback = _readback(parts, record)
    report = build(
        record,
        parts.ledger.timeline(record.migration),
        environment=Environment(parts.environment),
        series=_series(parts, record),
        readback=readback,
        readback_at=ended.time if readback else None,
        signals=parts.ledger.signals(record.migration),
    )
    return {"report": parts.reports.put(record.migration, html=render(report), json=report.to_json())}


def _series(parts: Wired, record: Record) -> list[Series]:
    """What was measured; evidence that cannot be read any more is missing from the page, not a reason for none."""
    try:
        found = parts.metrics.read(record.plan.workloads, since=record.started, until=record.ended or record.started)
    except CrossfadeError:
        return []
    return series_of(found.values())


def _readback(parts: Wired, record: Record) -> tuple[Reading, ...]:
    """The weights in Route 53, where they are in Route 53 and can be read."""
    if not record.baseline or not all(workload.router.is_dns for workload in record.workloads):
        return ()
    try:
        return parts.rescue.observe(record.workloads)
    except CrossfadeError:
        return ()
