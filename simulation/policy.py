"""What a plan asks for and keeps, as the judges of a run see it: by the record alone, not by the product itself."""

from crossfade.core.plan import OnFailure
from crossfade.core.record import Record


def _wave(record: Record, workload: str) -> int:
    return next((index for index, wave in enumerate(record.plan.waves) if workload in wave.workloads), 0)


def commanded(record: Record, workload: str) -> float:
    """The highest share on green that *record* has asked for its wave so far, in percent."""
    begun = record.plan.stages[: record.stage + 1] if record.stage >= 0 else ()
    return max((stage.share_percent for stage in begun if stage.wave == _wave(record, workload)), default=0.0)


def stays(record: Record, workload: str) -> bool:
    """Whether *workload* moved in a wave that was over, and the plan keeps that on green in a rollback."""
    at = record.came_from if record.stage >= len(record.plan.stages) else record.stage
    over = at is not None and at >= 0 and record.plan.stages[at].wave > _wave(record, workload)
    return over and record.plan.on_failure is not OnFailure.ALL and workload not in record.left_out
