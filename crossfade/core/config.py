"""The configuration: what `crossfade.yaml` may say, and the checked form of it.

A document is checked once, here, with every fault reported at once; the functions read the same document again
as canonical JSON. This file knows no YAML and no file; `adapters.config_file` does.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, Strict, ValidationError
from pydantic.json_schema import GenerateJsonSchema

from crossfade.core.config_argocd import ArgoCdConfig
from crossfade.core.config_calendar import CalendarConfig, calendar_faults, schedule_faults
from crossfade.core.config_starts import ApprovalConfig, NotificationsConfig, TriggersConfig
from crossfade.core.duration import format_duration
from crossfade.core.entry import Entry
from crossfade.core.fault import sentence, sentences
from crossfade.core.forms import (
    AlarmName,
    Between,
    ClusterName,
    DnsName,
    Duration,
    Instant,
    Label,
    ObjectName,
    ObjectNames,
    PlanName,
    Region,
    RuleArn,
    SetIdentifier,
    TargetGroupArn,
    UrlPath,
    ZoneId,
)
from crossfade.core.plan import (
    Acknowledged,
    Cluster,
    Evidence,
    Gate,
    HostedZone,
    Identifiers,
    ListenerRule,
    OnFailure,
    Plan,
    ProbeRequest,
    Router,
    Scheme,
    Stage,
    Timing,
    Wave,
    Workload,
)
from crossfade.core.presets import Preset, stages_of
from crossfade.core.preview import longest, over_budget, preview
from crossfade.core.rules import broken_rules
from crossfade.core.shared import torn
from crossfade.core.waves import in_turn, linked
from crossfade.core.weight import PERCENT, encode
from crossfade.errors import InvalidConfigError

WORKLOADS_MAX = 90
"""The lease on all hosts is one DynamoDB transaction, which takes 100 items; the rest is for the ledger."""

_SECOND, _MINUTE, _HOUR, _DAY = (timedelta(seconds=s) for s in (1, 60, 3_600, 86_400))
_DEFAULT = Timing()

Rate = Annotated[float, Strict(), Field(gt=0, allow_inf_nan=False)]
Status = Annotated[int, Strict(), Field(ge=200, le=599)]
Port = Annotated[int, Strict(), Field(ge=1, le=65_535)]
Share = Annotated[float, Strict(), Field(gt=0, le=PERCENT, allow_inf_nan=False)]


class ClusterConfig(Cluster):
    """An Amazon EKS cluster."""

    name: ClusterName = Field(description="The cluster's name in Amazon EKS.")
    region: Region = Field(description="The AWS Region of the cluster.")


class ClustersConfig(Entry):
    """The two clusters."""

    blue: ClusterConfig = Field(description="The cluster that has the users.")
    green: ClusterConfig = Field(description="The cluster that gets them.")


class HostedZoneConfig(HostedZone):
    """The Route 53 hosted zone of every host."""

    id: ZoneId = Field(description="The id of the hosted zone, without /hostedzone/.")
    name: DnsName = Field(description="The name of the hosted zone, without a dot at the end.")


class IdentifiersConfig(Identifiers):
    """The set identifiers of a host's weighted records in Route 53."""

    blue: SetIdentifier = Field(description="Of the record that leads to blue.")
    green: SetIdentifier = Field(description="Of the record that leads to green.")


class ListenerRuleConfig(ListenerRule):
    """The rule of a load balancer that forwards to two target groups with weights."""

    rule: RuleArn = Field(
        description="The ARN of the listener rule; or of the listener, if its default action carries the weights."
    )
    blue: TargetGroupArn = Field(description="The ARN of the target group in which blue registers its pods.")
    green: TargetGroupArn = Field(description="The ARN of the target group in which green registers its pods.")
    binding: ObjectName = Field(description="The name of the TargetGroupBinding, the same in both clusters.")


class ProbeConfig(ProbeRequest):
    """A request to the load balancer of each side, past DNS: before the first write, and while a stage bakes."""

    path: UrlPath = Field(default="/", description="What is asked for, such as /healthz.")
    status: tuple[Status, ...] = Field(
        default=(200,), min_length=1, description="The answers that are good. A redirect is not followed."
    )
    scheme: Scheme = Field(
        default=Scheme.HTTPS,
        description="https: the certificate has to be good for the host; http: none is looked at.",
    )
    port: Port | None = Field(default=None, description="The port that is asked; 443 for https, 80 for http.")


class WorkloadConfig(Workload):
    """One host whose traffic moves, and the objects behind it in both clusters, which are all of one kind."""

    name: Label = Field(description="What people call it; each workload has its own name.")
    namespace: Label = Field(description="The namespace of its objects, the same in both clusters.")
    ingress: ObjectNames | None = Field(
        default=None,
        description="The name of its Ingress, the same in both clusters; a list, if several Ingresses have the host.",
    )
    service: ObjectNames | None = Field(
        default=None, description="Instead of `ingress`: the name of its Service of type LoadBalancer, or several."
    )
    http_route: ObjectNames | None = Field(
        default=None,
        alias="httpRoute",
        description="Instead of `ingress`: the name of its HTTPRoute (Gateway API), or several.",
    )
    dns_endpoint: ObjectNames | None = Field(
        default=None,
        alias="dnsEndpoint",
        description="Instead of `ingress`: the name of its DNSEndpoint (ExternalDNS's own resource), or several.",
    )
    host: DnsName = Field(description="The DNS name that users ask for, in the hosted zone.")
    router: Router = Field(
        default=Router.EXTERNAL_DNS,
        description="How the weight reaches users: external_dns writes the weight that ExternalDNS reads; "
        "route53 writes the weighted records themselves, where no ExternalDNS keeps them; alb writes the weights of "
        "two target groups into a listener rule; argocd writes what Argo CD renders that annotation from, and then "
        "the annotation.",
    )
    identifiers: IdentifiersConfig | None = Field(
        default=None,
        description="Only with the router route53, which needs them; ExternalDNS's are read from its objects.",
    )
    alb: ListenerRuleConfig | None = Field(
        default=None, description="Only with the router alb, which needs it: the rule and its two target groups."
    )
    argocd: ArgoCdConfig | None = Field(
        default=None, description="Only with the router argocd, which needs it: what the weight is rendered from."
    )
    alarms: tuple[AlarmName, ...] = Field(
        min_length=1, description="CloudWatch alarms, metric or composite, that judge green. One in ALARM rolls back."
    )
    requests_per_second: Rate | None = Field(
        default=None,
        alias="requestsPerSecond",
        description="Requests expected while a migration runs; with it, `crossfade plan` says how many may fail.",
    )
    probe: ProbeConfig | None = Field(
        default=None,
        description="A request that both sides are asked directly; `{}` asks for / over HTTPS.",
    )
    consumers: tuple[ObjectName, ...] = Field(
        default=(), description="Deployments in the namespace that take work from a queue, so that both sides share it."
    )
    acknowledge: tuple[Acknowledged, ...] = Field(
        default=(),
        description="What may run on both sides at once: cronjobs, consumers. Until it is said, the preflight refuses.",
    )
    switch: Annotated[bool, Strict()] = Field(
        default=False,
        description="true: a health check on green's record, with which Crossfade takes green out of DNS when Route 53 "
        "takes no changes. Costs about 0.60 dollars a month, and green's object has to name it.",
    )


class StageConfig(Entry):
    """One step of a plan."""

    share: Share = Field(description="Percent of traffic on green, above 0; shares rise, the last one is 100.")
    bake: Annotated[Duration, Between(_SECOND)] = Field(
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
        default=30 * _MINUTE, description="How long green is watched with all traffic before the migration is complete."
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
    schema = Config.model_json_schema(schema_generator=_SchemaGenerator)
    return {"$schema": _SchemaGenerator.schema_dialect, "title": "crossfade.yaml", **_without_titles(schema)}


class _SchemaGenerator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_titles(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _without_titles(part) for key, part in schema.items() if key != "title" or not isinstance(part, str)}
