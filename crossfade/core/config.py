"""The configuration as a whole: the checked form of `crossfade.yaml`, and what its plans come to.

A document is checked once, here, with every fault reported at once; the functions read the same document again
as canonical JSON. What each block may say stands in `blocks.clusters`, `blocks.workloads` and their like.
This file knows no YAML and no file; `adapters.config_file` does.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from crossfade.core.blocks.calendar import CalendarConfig, calendar_faults, schedule_faults
from crossfade.core.blocks.clusters import ClustersConfig, HostedZoneConfig
from crossfade.core.blocks.limits import EvidenceConfig, TimingConfig
from crossfade.core.blocks.plans import PlanConfig
from crossfade.core.blocks.schema import schema_of
from crossfade.core.blocks.starts import NotificationsConfig, TriggersConfig
from crossfade.core.blocks.workloads import WorkloadConfig
from crossfade.core.entry import Entry
from crossfade.core.fault import sentence, sentences
from crossfade.core.forms import PlanName
from crossfade.core.places import Cluster, HostedZone
from crossfade.core.plan import Evidence, Plan, Stage, Timing, Wave
from crossfade.core.preview import longest, over_budget, preview
from crossfade.core.rules.whole import broken_rules
from crossfade.core.shared import torn
from crossfade.core.waves import in_turn, linked
from crossfade.core.weight import encode
from crossfade.core.workload import Workload
from crossfade.errors import InvalidConfigError

WORKLOADS_MAX = 90
"""The lease on all hosts is one DynamoDB transaction, which takes 100 items; the rest is for the ledger."""


class Config(Entry):
    """The configuration of Crossfade: what may be moved, how, and what judges it."""

    version: Literal[1] = Field(description="The version of this format.")
    clusters: ClustersConfig
    hosted_zone: HostedZoneConfig
    workloads: tuple[WorkloadConfig, ...] = Field(
        min_length=1, max_length=WORKLOADS_MAX, description="What moves; all of it together, unless a plan has waves."
    )
    plans: dict[PlanName, PlanConfig] = Field(min_length=1, description="The plans, by name.")
    default_plan: PlanName = Field(description="The plan of a migration that names none.")
    timing: TimingConfig = Field(default=TimingConfig())
    evidence: EvidenceConfig = Field(default=EvidenceConfig())
    notifications: NotificationsConfig = Field(default=NotificationsConfig())
    triggers: TriggersConfig = Field(default=TriggersConfig())
    calendar: CalendarConfig | None = Field(
        default=None, description="When migrations may start; at any time without it."
    )

    @property
    def all_clusters(self) -> tuple[Cluster, ...]:
        """Blue, green, and every hub, each once."""
        hubs = [workload.argocd.hub for workload in self.workloads if workload.argocd and workload.argocd.hub]
        places = {(at.name, at.region): at for at in (self.clusters.blue, self.clusters.green, *hubs)}
        return tuple(places.values())

    def plan(self, name: str) -> Plan:
        """What the plan *name*, which must be one of `plans`, does with all workloads."""
        chosen = self.plans[name]
        return Plan(
            name=name,
            blue=Cluster.model_validate(self.clusters.blue.model_dump()),
            green=Cluster.model_validate(self.clusters.green.model_dump()),
            zone=HostedZone.model_validate(self.hosted_zone.model_dump()),
            workloads=tuple(Workload.model_validate(workload.model_dump()) for workload in self.workloads),
            stages=_stages(chosen),
            waves=_waves(chosen),
            on_failure=chosen.on_failure,
            soak=chosen.soak,
            timing=Timing.model_validate(self.timing.model_dump()),
            evidence=Evidence.model_validate(self.evidence.model_dump()),
            failed_requests=chosen.budget.failed_requests if chosen.budget else None,
            not_after=chosen.not_after,
            approver_is_another=chosen.approval is not None and chosen.approval.by_another,
        )

    def to_json(self) -> str:
        """The canonical form: the same configuration is always the same text."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(content, sort_keys=True, indent=2) + "\n"

    @staticmethod
    def from_json(text: str) -> "Config":
        """
        Read what `to_json` wrote. A `notAfter` in the past is no fault here: starting late is.

        Raises:
            InvalidConfigError: *text* is not a valid configuration.
        """
        try:
            document = json.loads(text)
        except ValueError as error:
            raise InvalidConfigError([f"configuration: is not JSON ({error}); deploy again"]) from error
        return check_config(document, now=None)


def _stages(chosen: PlanConfig) -> tuple[Stage, ...]:
    steps = chosen.steps
    splits = encode([step.share for step in steps])
    stages = [
        Stage(share_percent=step.share, blue=split.blue, green=split.green, bake=step.bake, gate=step.gate)
        for step, split in zip(steps, splits, strict=True)
    ]
    return in_turn(stages, _waves(chosen))


def _waves(chosen: PlanConfig) -> tuple[Wave, ...]:
    return linked((wave.name, wave.workloads, wave.after) for wave in chosen.waves or ())


def check_config(document: object, *, now: datetime | None) -> Config:
    """
    Check a configuration that was read from YAML or JSON.

    Args:
        document: Mappings, lists, texts, numbers; of any shape.
        now: UTC, to refuse plans that have expired; None to let them pass.

    Raises:
        InvalidConfigError: With every fault.
    """
    if not isinstance(document, dict):
        raise InvalidConfigError(["configuration: must be a mapping of keys to values; begin it with version: 1"])
    config, faults = _read(document)
    faults += broken_rules(document, timing=_timing(document), now=now)
    if config is not None and not faults:
        faults += [*_torn_waves(config), *_budget_faults(config), *time_faults(config, now)]
    if config is None or faults:
        raise InvalidConfigError(list(dict.fromkeys(faults)))
    return config


def _torn_waves(config: Config) -> Iterator[str]:
    """Waves that divide workloads which share one weight, and so can only move together."""
    for name, chosen in config.plans.items():
        for index, wave in enumerate(chosen.waves or ()):
            for group in torn(config.workloads, wave.workloads):
                rule = f"{', '.join(sorted(group))} share one weight; put them into one wave"
                yield sentence(("plans", name, "waves", index, "workloads"), rule)


def _budget_faults(config: Config) -> Iterator[str]:
    """Plans that cost more than they may; this needs the whole plan, so it comes after every other rule."""
    for name, chosen in config.plans.items():
        if chosen.budget is None:
            continue
        plan = config.plan(name)
        allowed = chosen.budget.failed_requests
        costs = preview(plan, requests_per_second=plan.requests_per_second, failed_requests=allowed)
        if costs.budget is not None and costs.budget.kept is False:
            yield sentence(("plans", name, "budget", "failedRequests"), over_budget(costs))


def time_faults(config: Config, now: datetime | None) -> Iterator[str]:
    """
    Windows, freezes and schedules in which nothing could ever start; this needs how long the plans take.

    Args:
        config: The configuration.
        now: UTC; None when nobody knows what day it is, and only what never could is a fault.
    """
    if config.calendar is None and not config.triggers.schedules:
        return
    lengths = {name: longest(config.plan(name)) for name in config.plans}
    yield from calendar_faults(config.calendar, lengths, now)
    yield from schedule_faults(config.calendar, config.triggers.schedules, lengths, now)


def _read(document: Mapping[str, object]) -> tuple[Config | None, list[str]]:
    try:
        return Config.model_validate(document), []
    except ValidationError as error:
        return None, sentences(error, _known_keys())


def _timing(document: Mapping[str, object]) -> Timing | None:
    try:
        return TimingConfig.model_validate(document.get("timing", {}))
    except ValidationError:
        return None


def _known_keys() -> set[str]:
    return {key for part in json_schema()["$defs"].values() for key in part.get("properties", ())} | {
        field.alias or name for name, field in Config.model_fields.items()
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the configuration, for editors; what needs two fields at once, only `check_config` sees."""
    return schema_of(Config, "crossfade.yaml")
