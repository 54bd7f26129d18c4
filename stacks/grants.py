"""What each function may do beyond logging: the one table of permissions.

Actions are listed one by one and resources are exact. Reading alarms, metrics and load balancers needs `*`, because
these have no resource to name; the executions of the state machine get their names when they start.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from aws_cdk import aws_iam as iam

from crossfade.core.config import Config
from crossfade.core.host_records import RECORD_TYPES, record_names, together
from crossfade.core.workload import Router
from crossfade.names import EVENT_SOURCE, SWITCH_NAMESPACE, Function
from stacks.findings import acknowledge, as_reported

_RECORD: Final = ("dynamodb:GetItem", "dynamodb:PutItem")
"""The record of the migration and its timeline."""
_LEASES: Final = ("dynamodb:Query",)
"""Whether the lease is still held; and what people have signalled."""
_EPOCH: Final = ("dynamodb:UpdateItem",)
"""Take a new epoch, give the lease back, or ring the bell of a migration that sleeps."""


_BALANCERS: Final = tuple(f"elasticloadbalancing:Describe{what}" for what in ("LoadBalancers", "TargetGroups", "Tags"))
"""Find the load balancer that a record names, its target groups, and whose it is."""
_TARGETS: Final = (
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""Look at the load balancers behind both sides."""
_SURVEY: Final = (*_TARGETS, "elasticloadbalancing:DescribeTags", "route53:ListHostedZonesByName")
"""The same, whose they are, and zones with the same name."""
_RULES: Final = tuple(f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "Rules", "Tags"))
"""Read listener rules and whose they are."""
_STAMPS: Final = ("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags")
"""Stamp a rule with the epoch of its last writer."""
_TOGETHER: Final = 30
"""So many ARNs of rules stand in one statement: with their actions they stay within a managed policy, 6,144 characters.
"""


class Records(StrEnum):
    """Of which workloads a function may change the records themselves."""

    NONE = "none"
    OWN = "own"  # those whose router is route53
    ALL = "all"  # on the way back, when ExternalDNS or a cluster does not do it


class Switching(StrEnum):
    """What a function may do with switches."""

    NONE = "none"
    LOOK = "look"
    FLIP = "flip"  # which needs no look: it is written as a metric, and seen in the requests of green


@dataclass(frozen=True, slots=True)
class Grant:
    """
    What one function may do.

    Attributes:
        table: Actions on the ledger's table.
        alarms: Whether it reads CloudWatch alarms.
        requests: Whether it reads what the load balancers of the zone's hosts counted.
        survey: Actions with which it looks at load balancers and their targets, and for other zones.
        traffic: Whether it finds the clusters and reads the zone's records. What it may do *in* a cluster is
            Kubernetes' business: see `access` and the shipped RBAC.
        records: Whose records it may change.
        rules: Whether it may change listener rules; to read them, `traffic` or `drift` is enough.
        drift: Whether it looks if weights are still as they were written; those of the zone come with `requests`.
        insights: Whether it reads what EKS says of upgrading the clusters.
        protections: Whether it looks for records that nobody may change.
        switches: What it may do with the switches of the workloads that have one.
        publish: Whether it tells people.
        announce: Whether it tells machines what has changed, and people's chat.
        weights: Whether it stores the weights of record.
        reports: Whether it writes reports, with the weights of now.
        executions: Whether it asks how executions of the state machine are.
        wake: Whether it ends the sleep of an execution.
    """

    table: tuple[str, ...]
    alarms: bool = False
    requests: bool = False
    survey: tuple[str, ...] = ()
    traffic: bool = False
    records: Records = Records.NONE
    rules: bool = False
    drift: bool = False
    insights: bool = False
    protections: bool = False
    switches: Switching = Switching.NONE
    publish: bool = False
    announce: bool = False
    weights: bool = False
    reports: bool = False
    executions: bool = False
    wake: bool = False


GRANTS: Final[Mapping[Function, Grant]] = {
    Function.RESOLVE_PLAN: Grant(table=_RECORD, announce=True),
    Function.TAKE_LEASE: Grant(table=(*_RECORD, *_LEASES, *_EPOCH)),
    Function.PREFLIGHT: Grant(
        table=(*_RECORD, *_LEASES),
        alarms=True,
        survey=_SURVEY,
        traffic=True,
        insights=True,
        protections=True,
        switches=Switching.LOOK,
    ),
    Function.RECORD_BASELINE: Grant(table=(*_RECORD, *_LEASES), traffic=True),
    Function.SHIFT_TRAFFIC: Grant(
        table=(*_RECORD, *_LEASES),
        alarms=True,
        survey=_TARGETS,
        traffic=True,
        records=Records.OWN,
        rules=True,
        announce=True,
        weights=True,
    ),
    Function.CHECK_HEALTH: Grant(
        table=(*_RECORD, *_LEASES), alarms=True, requests=True, drift=True, publish=True, announce=True
    ),
    Function.COMPLETE: Grant(
        table=(*_RECORD, *_LEASES, *_EPOCH),
        traffic=True,
        records=Records.OWN,
        rules=True,
        publish=True,
        announce=True,
        weights=True,
    ),
    Function.ROLL_BACK: Grant(
        table=(*_RECORD, *_LEASES, *_EPOCH),
        requests=True,
        traffic=True,
        records=Records.ALL,
        rules=True,
        switches=Switching.FLIP,
        weights=True,
    ),
    Function.CONFIRM_ROLLBACK: Grant(
        table=(*_RECORD, *_EPOCH), requests=True, traffic=True, publish=True, announce=True, weights=True
    ),
    Function.LATCH_ALARM: Grant(table=(*_RECORD, *_LEASES, *_EPOCH), wake=True),
    Function.GUARDIAN: Grant(
        table=(*_RECORD, *_LEASES, *_EPOCH),
        alarms=True,
        requests=True,
        traffic=True,
        records=Records.ALL,
        rules=True,
        switches=Switching.FLIP,
        publish=True,
        announce=True,
        weights=True,
        executions=True,
    ),
    Function.REPORT: Grant(table=("dynamodb:GetItem", *_LEASES), requests=True, reports=True),
}


@dataclass(frozen=True, slots=True)
class Resources:
    """
    The exact resources that `GRANTS` speaks of, as ARNs.

    Attributes:
        table: The ledger's table.
        topic: Where people are told.
        chat_topic: Where their chat is told; None without one.
        bus: Where machines are told.
        reports: Where the reports of migrations are kept, each under its name.
        zone: The hosted zone.
        records: The names of the records that may be changed, by whose they are; a group for every statement.
        rules: The listener rules, and the listeners whose default action is one, of the workloads that have them.
        parameters: The weights of record in this zone, all of them.
        clusters: Blue and green, and where Argo CD runs if that is elsewhere.
        executions: Those of the state machine, all of them: nobody knows their names before they start.
        machine: The state machine.
        switches: The health checks of the workloads that have a switch.
    """

    table: str
    topic: str
    chat_topic: str | None
    bus: str
    reports: str
    zone: str
    records: Mapping[Records, tuple[tuple[str, ...], ...]]
    rules: tuple[str, ...]
    parameters: str
    clusters: tuple[str, ...]
    executions: str
    machine: str
    switches: tuple[str, ...]


def changeable(config: Config) -> dict[Records, tuple[tuple[str, ...], ...]]:
    """
    The names of the records that may be changed, by whose they are.

    They are divided as the functions divide their requests: one request must be allowed by one statement.
    """
    own = {workload.host for workload in config.workloads if workload.router is Router.ROUTE53}
    groups = together([workload.host for workload in config.workloads if workload.router.is_dns])
    owned = [[host for host in group if host in own] for group in groups]
    return {Records.NONE: (), Records.OWN: _names(owned), Records.ALL: _names(groups)}


def _names(groups: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name for host in group for name in record_names(host)) for group in groups if group)


def grant_all(roles: Mapping[Function, iam.Role], resources: Resources) -> None:
    """Give every role in *roles* what `GRANTS` says, and nothing else."""
    for function, role in roles.items():
        _grant(role, GRANTS[function], resources)


def _grant(role: iam.Role, grant: Grant, resources: Resources) -> None:
    _allow(role, grant.table, [resources.table])
    if grant.alarms:
        _allow(role, ["cloudwatch:DescribeAlarms"], ["*"])
        reason = "Neither X-Ray's PutTraceSegments nor DescribeAlarms of composite alarms has a resource to name."
        acknowledge(role, "AwsSolutions-IAM5[Resource::*]", reason)
    if grant.requests:
        _allow(role, ["route53:ListResourceRecordSets"], [resources.zone])
        _allow(role, _BALANCERS, ["*"])
        _allow(role, ["cloudwatch:GetMetricData"], ["*"])
    _grant_survey(role, grant, resources)
    if grant.traffic:
        _allow(role, ["eks:DescribeCluster"], resources.clusters)
        _allow(role, ["route53:ListResourceRecordSets"], [resources.zone])
    _grant_rules(role, grant, resources.rules)
    for names in resources.records[grant.records]:
        _allow(role, ["route53:ChangeResourceRecordSets"], [resources.zone], _only(names))
    grant_switches(role, grant.switches, resources.switches)
    _grant_voice(role, grant, resources)
    if grant.reports:
        _grant_reports(role, resources)
    if grant.weights:
        _allow(role, ["ssm:PutParameter"], [resources.parameters])
        rule = f"AwsSolutions-IAM5[Resource::{as_reported(role, resources.parameters)}]"
        acknowledge(role, rule, "The weights of record in this one zone; each exact name would fill the policy.")
    _grant_executions(role, grant, resources)


def _grant_survey(role: iam.Role, grant: Grant, resources: Resources) -> None:
    if grant.survey:
        _allow(role, grant.survey, ["*"])
    if grant.insights:
        _allow(role, ["eks:ListInsights", "eks:DescribeInsight"], resources.clusters)
    if grant.protections:
        _allow(role, ["route53:ListResourceRecordSetProtections"], [resources.zone])


def _grant_executions(role: iam.Role, grant: Grant, resources: Resources) -> None:
    if grant.wake:
        _allow(role, ["states:SendTaskSuccess"], [resources.machine])
    if grant.executions:
        _allow(role, ["states:DescribeExecution"], [resources.executions])
        rule = f"AwsSolutions-IAM5[Resource::{as_reported(role, resources.executions)}]"
        acknowledge(role, rule, "Executions of this one state machine; each gets its name when it starts.")


def _grant_rules(role: iam.Role, grant: Grant, rules: Sequence[str]) -> None:
    """What it may do to listener rules; nothing where no workload has one."""
    if rules and (grant.traffic or grant.drift):
        _allow(role, _RULES, ["*"])
    for action, kind in (("ModifyRule", ":listener-rule/"), ("ModifyListener", ":listener/")):
        own = [arn for arn in rules if kind in arn and grant.rules]
        for start in range(0, len(own), _TOGETHER):
            _allow(role, [f"elasticloadbalancing:{action}", *_STAMPS], own[start : start + _TOGETHER])


def grant_switches(role: iam.Role, switching: Switching, switches: Sequence[str]) -> None:
    """What it may do with switches; nothing where no workload has one."""
    if switches and switching is Switching.LOOK:
        _allow(role, ["cloudwatch:GetMetricData"], ["*"])
        for start in range(0, len(switches), _TOGETHER):
            _allow(role, ["route53:GetHealthCheck"], switches[start : start + _TOGETHER])
    if switches and switching is Switching.FLIP:
        only = {"StringEquals": {"cloudwatch:namespace": SWITCH_NAMESPACE}}
        _allow(role, ["cloudwatch:PutMetricData"], ["*"], only)


def _grant_voice(role: iam.Role, grant: Grant, resources: Resources) -> None:
    """What it may tell, and whom."""
    if grant.publish:
        _allow(role, ["sns:Publish"], [resources.topic])
    if grant.announce:
        _allow(role, ["events:PutEvents"], [resources.bus], {"StringEquals": {"events:source": EVENT_SOURCE}})
    if resources.chat_topic and (grant.publish or grant.announce):
        _allow(role, ["sns:Publish"], [resources.chat_topic])


def _grant_reports(role: iam.Role, resources: Resources) -> None:
    _allow(role, ["s3:PutObject"], [resources.reports])
    rule = f"AwsSolutions-IAM5[Resource::{as_reported(role, resources.reports)}]"
    acknowledge(role, rule, "Reports in this one bucket; each gets its name when its migration starts.")


def _only(names: Sequence[str]) -> dict[str, Any]:
    """
    Conditions that let through changes of *names* only, and no UPSERT: every write says what it replaces.

    ForAllValues is true of a key that is absent, so each key has to be there.
    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
    """
    changes = "route53:ChangeResourceRecordSets"
    values = {
        f"{changes}NormalizedRecordNames": list(names),
        f"{changes}RecordTypes": list(RECORD_TYPES),
        f"{changes}Actions": ["CREATE", "DELETE"],
    }
    return {"ForAllValues:StringEquals": values, "Null": dict.fromkeys(values, "false")}


def _allow(
    role: iam.Role, actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> None:
    statement = iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
    role.add_to_policy(statement)
