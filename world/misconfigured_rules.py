"""What is wrong with a listener rule before anything moves, or with the bindings of its target groups.

Each is made as people make it, through the API. It concerns the first workload, which must be behind a rule.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3

from world.built import Built
from world.estate_spec import BLUE, GREEN
from world.faults import FaultKind
from world.shared_balancers import RuleSpec

_HOUR: Final = 3_600


def _rule(estate: Built) -> "RuleSpec":
    rule = estate.spec.workloads[0].rule
    if rule is None:
        msg = f"{estate.spec.workloads[0].name} is behind no listener rule; choose an estate with one"
        raise LookupError(msg)
    return rule


def _elb(estate: Built) -> Any:
    return boto3.client("elbv2", region_name=_rule(estate).region)


def _say(estate: Built, weights: Mapping[str, int], **config: Any) -> None:
    """Let the rule forward to target groups with these *weights*, by ARN."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    forward = {"Type": "forward", "Order": 1, "ForwardConfig": {"TargetGroups": groups, **config}}
    _elb(estate).modify_rule(RuleArn=_rule(estate).arn, Actions=[forward])


def _weights(estate: Built, *, green: int = 0) -> dict[str, int]:
    groups = _rule(estate).groups
    return {groups[BLUE]: 100, groups[GREEN]: green}


def _missing_rule(estate: Built) -> None:
    _elb(estate).delete_rule(RuleArn=_rule(estate).arn)


def _controllers_rule(estate: Built) -> None:
    tags = [{"Key": "ingress.k8s.aws/stack", "Value": "storefront"}]
    _elb(estate).add_tags(ResourceArns=[_rule(estate).arn], Tags=tags)


def _third_target_group(estate: Built) -> None:
    vpc = _elb(estate).describe_target_groups(TargetGroupArns=[_rule(estate).groups[BLUE]])["TargetGroups"][0]["VpcId"]
    made = _elb(estate).create_target_group(
        Name="canary", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip", HealthCheckPath="/"
    )
    _say(estate, {**_weights(estate), made["TargetGroups"][0]["TargetGroupArn"]: 5})


def _sticky_rule(estate: Built) -> None:
    _say(estate, _weights(estate), TargetGroupStickinessConfig={"Enabled": True, "DurationSeconds": _HOUR})


def _green_has_weight(estate: Built) -> None:
    _say(estate, _weights(estate, green=10))


def _missing_binding(estate: Built) -> None:
    workload = estate.spec.workloads[0]
    estate.clusters[GREEN].api.store.remove("TargetGroupBinding", workload.namespace, _rule(estate).binding)


def _crossed_binding(estate: Built) -> None:
    workload, patch = estate.spec.workloads[0], {"spec": {"targetGroupARN": _rule(estate).groups[BLUE]}}
    estate.clusters[GREEN].api.store.merge("TargetGroupBinding", workload.namespace, _rule(estate).binding, patch)


MAKERS: Final[Mapping[FaultKind, Callable[[Built], None]]] = {
    FaultKind.MISSING_RULE: _missing_rule,
    FaultKind.CONTROLLERS_RULE: _controllers_rule,
    FaultKind.THIRD_TARGET_GROUP: _third_target_group,
    FaultKind.STICKY_RULE: _sticky_rule,
    FaultKind.GREEN_HAS_WEIGHT: _green_has_weight,
    FaultKind.MISSING_BINDING: _missing_binding,
    FaultKind.CROSSED_BINDING: _crossed_binding,
}
"""Only of estates whose first workload is behind a listener rule."""
