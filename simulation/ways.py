"""By which way the weights of a simulated run reach users: one configuration a way, made from the simulator's own."""

import json
from enum import StrEnum
from typing import Any, Final

from crossfade.core.config import Config

_ARN: Final = "arn:aws:elasticloadbalancing:eu-west-1:111122223333"
_DIGITS: Final = "0123456789abcdef"


class Way(StrEnum):
    """Who carries weights."""

    EXTERNAL_DNS = "external_dns"  # annotations, which an ExternalDNS a cluster carries to Route 53
    ROUTE53 = "route53"  # records, written directly
    BOTH = "both"  # the first workload by records, the others by annotations
    ALB = "alb"  # a listener rule a workload


def configured(config: Config, way: Way) -> Config:
    """*config* with its workloads sent *way*."""
    document = json.loads(config.to_json())
    workloads: list[dict[str, Any]] = document["workloads"]
    direct = {Way.ROUTE53: len(workloads), Way.BOTH: 1}.get(way, 0)
    for workload in workloads[:direct]:
        workload |= {"router": "route53", "identifiers": {"blue": "blue", "green": "green"}}
    for workload in workloads if way is Way.ALB else ():
        workload.pop("ingress")
        workload |= {"router": "alb", "alb": _rule(workload["name"])}
    return Config.from_json(json.dumps(document))


def _rule(name: str) -> dict[str, str]:
    return {
        "rule": f"{_ARN}:listener-rule/app/{name}/{_DIGITS}/{_DIGITS}/{_DIGITS}",
        "blue": f"{_ARN}:targetgroup/{name}-blue/{_DIGITS}",
        "green": f"{_ARN}:targetgroup/{name}-green/{_DIGITS}",
        "binding": name,
    }
