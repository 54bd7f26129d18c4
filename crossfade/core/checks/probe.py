"""The check that asks green itself: whether its load balancer answers for the host, with a certificate for it."""

from collections.abc import Iterator
from typing import Final

from crossfade.core.facts import Facts
from crossfade.core.finding import Check, Found, Subject, fail, passed, warn
from crossfade.core.plan import Plan
from crossfade.core.probe import Answer, Heard
from crossfade.core.weight import Side
from crossfade.core.workload import ProbeRequest

DAYS: Final = 14
"""A certificate with less left is warned of: ACM renews 60 days before the end, so a renewal must have failed.
Source: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html"""

_REDIRECTS: Final = range(300, 400)


def each_probed(plan: Plan) -> Iterator[Subject]:
    """Every workload that has a probe, or the plan when none has."""
    found = [Subject(plan, workload) for workload in plan.workloads if workload.probe]
    yield from found or [Subject(plan)]


def green_answers(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Green answers for the host as it should, and blue does so, too."""
    if subject.workload is None:
        yield passed("no workload has a probe, so nobody was asked")
        return
    request, answers = subject.of.probe, facts.probes.get(subject.of.name)
    if request is None or answers is None:
        return
    green, blue = answers[Side.GREEN], answers[Side.BLUE]
    if not green.is_good(request):
        yield fail(f"green {green}", _fix(request, green, blue, subject.of.host))
        return
    yield from _of_certificate(green)
    if not blue.is_good(request):
        evidence = f"blue {blue}: while it does, a green that fails is not told from a fault of both"
        yield warn(evidence, "mend blue, or probe what blue answers, too")


def _fix(request: ProbeRequest, green: Answer, blue: Answer, host: str) -> str:
    match green.heard:
        case Heard.CERTIFICATE:
            return f"give green's load balancer a certificate for {host}, in the Region of its cluster"
        case Heard.UNREACHABLE:
            return "let the functions reach it (an internal load balancer needs them in its VPC), or remove `probe`"
        case Heard.BROKEN:
            return f"look at the listener on port {request.at_port} and the security groups of green's load balancer"
        case Heard.STATUS if (blue.heard, blue.status) == (Heard.STATUS, green.status):
            return "blue answers the same: correct `probe.path`, or add this answer to `probe.status`"
        case Heard.STATUS if green.status in _REDIRECTS:
            return "probe a path that answers itself, or add the redirect to `probe.status` if it is meant"
        case Heard.STATUS:
            return f"blue {blue}; look at green's pods and at the rules of its Ingress for {host}"


def _of_certificate(green: Answer) -> Iterator[Found]:
    if green.days_left is None:
        yield passed(f"green {green}; without TLS there is no certificate to look at")
    elif green.days_left < DAYS:
        evidence = f"green's certificate is good for {green.days_left} days more"
        yield warn(evidence, "find out why it was not renewed; a failed validation shows in ACM")
    else:
        yield passed(f"green {green}, its certificate is good for {green.days_left:,} days more")


CHECKS: Final = (
    Check(
        "green-answers",
        "green's load balancer answers for the host, with a certificate for it",
        "Only with `probe`. Green's load balancer does not answer as wanted, or its certificate is not good for the "
        "host. Warns: the certificate ends within 14 days, or blue does not answer as wanted.",
        "Mend green, or ask for something that blue answers.",
        each_probed,
        green_answers,
    ),
)
