"""What `crossfade.yaml` may say of bounds for all plans: how long things may take, how many requests may fail."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, Strict

from crossfade.core.forms import Between, Duration
from crossfade.core.plan import Evidence, Timing

_SECOND, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)
_DEFAULT = Timing()


class TimingConfig(Timing):
    """How long things may take. The defaults fit ExternalDNS with an interval of one minute."""

    poll: Annotated[Duration, Between(5 * _SECOND, 10 * _MINUTE)] = Field(
        default=_DEFAULT.poll, description="Between two looks at alarms, weights and approvals."
    )
    settle: Annotated[Duration, Between(10 * _SECOND)] = Field(
        default=_DEFAULT.settle,
        description="After Route 53 lists a weight, until all its name servers answer so: 60s, and some to spare.",
    )
    margin: Annotated[Duration, Between(_MINUTE)] = Field(
        default=_DEFAULT.margin, description="From DNS showing a weight to the bake: the TTL of an alias, 60s or more."
    )
    propagation: Annotated[Duration, Between(_MINUTE)] = Field(
        default=_DEFAULT.propagation, description="How long DNS may take to show a weight; after that, roll back."
    )
    patience: Annotated[Duration, Between(_MINUTE)] = Field(
        default=_DEFAULT.patience, description="How much longer than its bake a stage may wait for alarms with data."
    )
    rollback: Annotated[Duration, Between(2 * _MINUTE)] = Field(
        default=_DEFAULT.rollback,
        description="How long a rollback may take to be read back; after that, page somebody.",
    )


class EvidenceConfig(Evidence):
    """What is asked of the requests themselves, beside the alarms. The defaults fit a service that fails rarely."""

    max_error_rate: Annotated[float, Strict(), Field(gt=0, le=50, allow_inf_nan=False)] = Field(
        default=1.0,
        alias="maxErrorRate",
        description="Percent of green's requests that may fail; more, beyond doubt, rolls back.",
    )
    max_excess: Annotated[float, Strict(), Field(ge=0, le=50, allow_inf_nan=False)] | None = Field(
        default=None,
        alias="maxExcess",
        description="Percent more than blue's that may fail in the same minutes; a tenth of maxErrorRate by default.",
    )
    min_requests: Annotated[int, Strict(), Field(gt=0)] | None = Field(
        default=None,
        alias="minRequests",
        description="Requests that green must have had before a stage is left; 300 / maxErrorRate by default.",
    )
