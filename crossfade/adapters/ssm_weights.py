"""Weights of record in the SSM Parameter Store, one parameter a workload, for Terraform and people to read.

They are named by cluster, not by colour, so that they mean the same when blue and green swap their names.
An account may put a few parameters a second, so many workloads need a while: what is not stored in time is named.
Source: https://docs.aws.amazon.com/general/latest/gr/ssm.html
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from crossfade.adapters.aws import code_of
from crossfade.core.plan import Plan
from crossfade.core.weight import Split
from crossfade.names import weight_parameter

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

SECONDS_MAX: Final = 10
"""How long storing may take altogether: well within the time-out of a function that has moved traffic before."""


class SsmWeights:
    """
    See `ports.WeightsOfRecord`.

    Args:
        ssm: A client that tries a few times, for the rate limit.
        elapsed: Seconds since whenever.
    """

    def __init__(self, ssm: "SSMClient", *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._ssm = ssm
        self._elapsed = elapsed

    def keep(self, plan: Plan, weights: Mapping[str, Split], *, migration: str, now: datetime) -> tuple[str, ...]:
        """See `ports.WeightsOfRecord.keep`."""
        ends = self._elapsed() + SECONDS_MAX
        faults = [
            self._put(plan, workload, split, migration=migration, now=now)
            if self._elapsed() < ends
            else f"{weight_parameter(plan.zone.name, workload)} was not written in time; the records have {split}"
            for workload, split in weights.items()
        ]
        return tuple(filter(None, faults))

    def _put(self, plan: Plan, workload: str, split: Split, *, migration: str, now: datetime) -> str:
        name = weight_parameter(plan.zone.name, workload)
        by_cluster = {plan.blue.name: split.blue, plan.green.name: split.green}
        value = json.dumps({"weights": by_cluster, "migration": migration, "at": now.isoformat()})
        try:
            self._ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
        except (ClientError, BotoCoreError) as error:
            why = code_of(error) if isinstance(error, ClientError) else type(error).__name__
            return f"{name} was not written ({why}); the records have {split}"
        return ""
