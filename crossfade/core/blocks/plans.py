"""What `crossfade.yaml` may say of a plan: stages or a preset, waves, soak, budget and approval."""

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, Strict

from crossfade.core.blocks.starts import ApprovalConfig
from crossfade.core.entry import Entry
from crossfade.core.forms import Between, Duration, Instant, Label
from crossfade.core.plan import Gate, OnFailure
from crossfade.core.presets import Preset, stages_of
from crossfade.core.weight import PERCENT

Share = Annotated[float, Strict(), Field(gt=0, le=PERCENT, allow_inf_nan=False)]


class StageConfig(Entry):
    """One step of a plan."""

    share: Share = Field(description="Percent of traffic on green, above 0; shares rise, the last one is 100.")
    bake: Annotated[Duration, Between(timedelta(seconds=1))] = Field(
        description="How long the stage is watched once its traffic has moved, such as 10m."
    )
    gate: Gate = Field(
        default=Gate.NONE, description="approval: a person has to approve before the stage is left; none: nobody has."
    )


class WaveConfig(Entry):
    """Workloads that move together. Each wave goes through all stages before the next one begins."""

    name: Label = Field(description="What people call it; each wave of a plan has its own name.")
    workloads: tuple[Label, ...] = Field(
        min_length=1, description="Names of workloads; each workload is in one wave of the plan."
    )
    after: tuple[Label, ...] | None = Field(
        default=None,
        description="Names of waves above it without which it is not to be on green; the one before by default, "
        "[] for none.",
    )


class BudgetConfig(Entry):
    """What a plan may cost its users. Held against the rates of the workloads, where all are known."""

    failed_requests: Annotated[int, Strict(), Field(gt=0)] = Field(
        description="How many requests may fail, at worst, when green is bad from its first user on."
    )


class PlanConfig(Entry):
    """How traffic moves: by stages, or by a preset that stands for stages."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["stages"]}, {"required": ["preset"]}]})

    stages: tuple[StageConfig, ...] | None = Field(default=None, min_length=1, description="The steps, in order.")
    preset: Preset | None = Field(default=None, description="Stages by name: those of AWS CodeDeploy, Careful or Fast.")
    waves: tuple[WaveConfig, ...] | None = Field(
        default=None,
        min_length=1,
        description="Which workloads move together, in order; without it all of them move together.",
    )
    on_failure: OnFailure = Field(
        default=OnFailure.ALL,
        description="What goes back when a workload fails: all; its wave, with those that come after it; or the "
        "workload alone, with the waves that come after its own. Waves that are complete stay on green with wave and "
        "workload.",
    )
    soak: Duration = Field(
        default=timedelta(minutes=30),
        description="How long green is watched with all traffic before the migration is complete.",
    )
    not_after: Instant | None = Field(
        default=None, description="The latest instant, with a zone, at which a migration with this plan may start."
    )
    budget: BudgetConfig | None = Field(
        default=None, description="What it may cost; a plan that costs more is refused."
    )
    approval: ApprovalConfig | None = Field(
        default=None, description="Who may approve its gated stages; anybody who may write to the ledger by default."
    )

    @property
    def steps(self) -> tuple[StageConfig, ...]:
        """The stages, whether they were written or come from the preset."""
        if self.preset is None:
            return self.stages or ()
        return tuple(StageConfig(share=step.share_percent, bake=step.bake) for step in stages_of(self.preset))
