"""What can be broken on purpose, by name, from a stage on.

`KIND@STAGE`, or `KIND:WORKLOAD@STAGE` for those that can break one workload alone. Stages count from 1; the fault
begins when traffic of that stage is about to be shifted for the first time, so that its bake meets it. Without a stage
it is the first one. Faults stay until the end, but for those of Route 53.
Those that begin with `preflight:` are there before the first write, and have no stage.

This file only reads names; the estate breaks things, and whoever runs the state machine and calls functions carries
out `handler-crash`, `stop` and `hub-silent`.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

GREEN_ERROR_RATE: Final = 0.2
"""Of `green-5xx`: the fraction of green's requests that fail, 0 to 1."""
THROTTLED_FOR: Final = timedelta(minutes=3)
"""Of `throttled-route53`: how long nobody's calls are accepted."""
DOWN_FOR: Final = timedelta(minutes=20)
"""Of `route53-down`, likewise."""


class FaultKind(StrEnum):
    """What can be broken."""

    GREEN_5XX = "green-5xx"  # green answers one request in five with an error
    GREEN_CRASH = "green-crash"  # green answers every request with an error, and its targets turn unhealthy
    STUCK_EXTERNAL_DNS = "stuck-external-dns"  # green's loop stops in stage 1; blue's loop in any later stage
    THROTTLED_ROUTE53 = "throttled-route53"  # Route 53 refuses everybody for three minutes
    ROUTE53_DOWN = "route53-down"  # Route 53's API refuses everybody for twenty minutes; its name servers answer
    HANDLER_CRASH = "handler-crash"  # a function dies in the middle of its work
    STOP = "stop"  # somebody presses Stop in the console while the stage bakes
    ARGOCD_REVERTS = "argocd-reverts"  # somebody sets back, each minute, what Argo CD renders from; or it heals itself
    ARGOCD_STALLED = "argocd-stalled"  # every sync of Argo CD begins and none ends; needs an estate with Argo CD
    HUB_SILENT = "hub-silent"  # the API server of Argo CD's hub stops to answer while the stage bakes; needs a hub
    CREATE_ONLY = "preflight:create-only"  # green's ExternalDNS never changes a record
    DRY_RUN = "preflight:dry-run"  # green's ExternalDNS only pretends
    EXTERNAL_DNS_DOWN = "preflight:external-dns-down"  # blue's ExternalDNS has no ready pod
    SHARED_OWNER = "preflight:shared-owner"  # green's ExternalDNS has just been given blue's owner id
    OTHER_PREFIX = "preflight:other-prefix"  # green's ExternalDNS reads other annotations since its upgrade
    UNKNOWN_VERSION = "preflight:unknown-version"  # the image of green's ExternalDNS has no tag; only a warning
    OTHER_DOMAIN = "preflight:other-domain"  # green's ExternalDNS looks at another domain only
    SLOW_LOOP = "preflight:slow-loop"  # green's ExternalDNS looks every ten minutes
    MISSING_TXT = "preflight:missing-txt"  # somebody deleted green's ownership records of the first host
    SIMPLE_RECORD = "preflight:simple-record"  # the first host has an AAAA record that no weight rules
    STALE_RECORD = "preflight:stale-record"  # green's first record leads to a load balancer of before
    IPV6_ALONE = "preflight:ipv6-alone"  # green's first host has IPv6 addresses, blue's has none
    PROTECTED_RECORD = "preflight:protected-record"  # Route 53 lets nobody change green's first record
    NO_SWITCH = "preflight:no-switch"  # green's first record has lost its health check; needs one that has one
    UNHEALTHY_TARGETS = "preflight:unhealthy-targets"  # green's targets fail their health checks
    BLIND_ALARM = "preflight:blind-alarm"  # the first alarm watches a load balancer that is gone
    FIRING_ALARM = "preflight:firing-alarm"  # the first alarm takes missing data for a breach, and green has no users
    SLOW_ALARM = "preflight:slow-alarm"  # the first alarm looks at half an hour; only a warning
    PRIVATE_TWIN = "preflight:private-twin"  # there is a private zone with the same name; only a warning
    SILENT_CLUSTER = "preflight:silent-cluster"  # green's API server does not answer
    SILENT_HUB = "preflight:silent-hub"  # the API server of Argo CD's hub does not answer; needs a hub
    UNBOUND_ROLE = "preflight:unbound-role"  # green's API server does not let us read the first Ingress
    ADMISSION = "preflight:admission"  # a policy in green refuses every change of the first Ingress
    UNSEEN_PODS = "preflight:unseen-pods"  # green's API server does not show what runs; only a warning
    ARGOCD_SELF_HEAL = "preflight:argocd-self-heal"  # Argo CD puts back what is written on the Ingresses
    ARGOCD_OUT_OF_SYNC = "preflight:argocd-out-of-sync"  # green's first Ingress was edited by hand
    ARGOCD_DEGRADED = "preflight:argocd-degraded"  # blue's first Application is not healthy
    ARGOCD_SYNC_FAILED = "preflight:argocd-sync-failed"  # the last sync on green failed
    ARGOCD_NO_KEY = "preflight:argocd-no-key"  # green's cluster Secret has lost its annotations
    ARGOCD_MISSING = "preflight:argocd-missing"  # green's first Application is gone
    ARGOCD_AFFECTED = "preflight:argocd-affected"  # a version that leaves changed values alone; only a warning
    MISSING_OBJECT = "preflight:missing-object"  # somebody deleted the first workload's object in green
    NO_STATUS = "preflight:no-status"  # it has no load balancer in its status
    SHARED_HOST = "preflight:shared-host"  # another Ingress of green has its host and set identifier
    SAME_IDENTIFIER = "preflight:same-identifier"  # green's first object has blue's set identifier
    ODD_HOST = "preflight:odd-host"  # green's Ingress serves one host more than blue's
    WEIGHT_TOO_LARGE = "preflight:weight-too-large"  # blue's first object has a weight of 1000
    WEIGHT_NOT_CANONICAL = "preflight:weight-not-canonical"  # it has a weight of 0100
    TWO_OWNERS = "preflight:two-owners"  # an ownership record of blue's first host names a third owner
    SERVICE_TYPE = "preflight:service-type"  # green's Service is of type ClusterIP; needs a workload with a Service
    WEIGHTLESS = "preflight:weightless"  # green's DNSEndpoint has no weight; needs a workload with one

    WRONG_CERTIFICATE = "preflight:wrong-certificate"  # green's load balancer shows somebody else's certificate
    GREEN_500 = "preflight:green-500"  # green is up and answers every request with an error
    REDIRECT = "preflight:redirect"  # green sends everybody to a login page
    NO_READY_PODS = "preflight:no-ready-pods"  # none of green's pods of the first namespace is ready
    LOW_FLOOR = "preflight:low-floor"  # green's autoscaler may shrink below what blue has now; only a warning
    STICKY = "preflight:sticky"  # green's target groups have sticky sessions and a long deregistration delay; a warning
    INSIGHTS = "preflight:insights"  # EKS has an upgrade insight of blue in ERROR; only a warning
    CRONJOBS = "preflight:cronjobs"  # a CronJob runs in both clusters
    CONSUMERS = "preflight:consumers"  # a queue consumer runs in both clusters; needs one that is idle in green

    MISSING_RULE = "preflight:missing-rule"  # the listener rule of the first workload is gone
    CONTROLLERS_RULE = "preflight:controllers-rule"  # a load balancer controller owns it
    THIRD_TARGET_GROUP = "preflight:third-target-group"  # it forwards to a third target group, too
    STICKY_RULE = "preflight:sticky-rule"  # it keeps users with their target group for an hour
    GREEN_HAS_WEIGHT = "preflight:green-has-weight"  # it gives green a weight already
    MISSING_BINDING = "preflight:missing-binding"  # green has no TargetGroupBinding
    CROSSED_BINDING = "preflight:crossed-binding"  # green's pods register in blue's target group

    @property
    def is_before_the_start(self) -> bool:
        """Whether it is there before anything is shifted."""
        return self.value.startswith("preflight:")


OF_HUBS: Final = frozenset({FaultKind.HUB_SILENT, FaultKind.SILENT_HUB})
"""Those that need a cluster where Argo CD runs for both sides."""


class InvalidFaultError(ValueError):
    """The text names no fault; the message shows what does."""


_OF_ONE: Final = f"{FaultKind.GREEN_5XX}:"
"""How a fault begins that can break one workload alone."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing to break.

    Attributes:
        kind: What.
        stage: From which stage on, counted from 1.
        workload: Which one alone; empty for all.
    """

    kind: FaultKind
    stage: int = 1
    workload: str = ""

    def __str__(self) -> str:
        what = f"{self.kind}:{self.workload}" if self.workload else self.kind.value
        return what if self.kind.is_before_the_start else f"{what}@{self.stage}"


def parse_fault(text: str) -> Fault:
    """
    Read `green-5xx`, `green-5xx@3` or `green-5xx:yelb@3`.

    Raises:
        InvalidFaultError: There is no such fault, or the stage is no whole number from 1.
    """
    name, at, stage = text.strip().partition("@")
    if name.startswith(_OF_ONE):
        name, _, workload = name.partition(":")
        return replace(parse_fault(name + at + stage), workload=workload)
    if name not in tuple(FaultKind):
        msg = f"{text!r} is no fault; use one of {', '.join(FaultKind)}, with @STAGE if it is to begin later"
        raise InvalidFaultError(msg)
    if at and not (stage.isdecimal() and int(stage) >= 1):
        msg = f"{text!r}: the stage after @ is a whole number from 1, such as {name}@3"
        raise InvalidFaultError(msg)
    if at and FaultKind(name).is_before_the_start:
        msg = f"{text!r}: {name} is there before the first stage; leave out @{stage}"
        raise InvalidFaultError(msg)
    return Fault(FaultKind(name), int(stage) if at else 1)
