"""Checks of what the router alb rests on: a listener rule that is ours alone, and pods behind both target groups.

Sources: Elastic Load Balancing API, ForwardActionConfig; AWS Load Balancer Controller, TargetGroupBinding and
"Tracking tags". An existing cookie of group stickiness goes before every weight, also a weight of 0:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
"""

from collections.abc import Iterator
from typing import Final

from crossfade.core.duration import format_duration
from crossfade.core.facts import Facts
from crossfade.core.finding import Check, Found, Subject, each_rule, each_rule_place, fail, passed, warn
from crossfade.core.weight import Side


def rule(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The rule is there and forwards to blue's and green's target group only."""
    if facts.estate is None:
        return
    at, groups = facts.rule(subject.of), subject.of.listener_rule
    if at is None:
        yield fail(f"{groups.rule} does not exist", "create it, or correct alb.rule in crossfade.yaml")
        return
    if at.is_default:
        fix = "give the ARN of the listener as alb.rule: only through it a default action can be changed"
        yield fail(f"{groups.rule} is the default rule of its listener", fix)
    for side in Side:
        if groups.group(side) not in at.groups:
            fix = "let the forward action of the rule name both target groups, or correct alb in crossfade.yaml"
            yield fail(f"the rule does not forward to {side}'s target group {groups.group(side)}", fix)
    for arn in sorted(set(at.groups) - {groups.blue, groups.green}):
        evidence = f"the rule forwards to a third target group, {arn}, with weight {at.groups[arn]}"
        yield fail(evidence, "remove it: its users belong to neither blue nor green")


def owner(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Nobody else writes the rule."""
    at = facts.rule(subject.of)
    if at is not None and at.owner:
        evidence = f"the rule belongs to a load balancer controller ({at.owner}), which undoes what others write"
        yield fail(evidence, "move the weights into a rule that Terraform or you own")


def stickiness(facts: Facts, subject: Subject) -> Iterator[Found]:
    """Every request follows the weights."""
    at = facts.rule(subject.of)
    if at is not None and at.sticky is not None:
        kept = format_duration(at.sticky)
        evidence = f"the rule keeps a user with one target group for {kept}, so green's users could not be given back"
        fix = f"switch target group stickiness off in the rule, {kept} before the start; on again after the end"
        yield fail(evidence, fix)
    for side in Side:
        balancer = facts.balancer(subject.of, side)
        for group in balancer.groups if balancer else ():
            if group.sticky is not None:
                evidence = f"{group.name} holds sessions for {format_duration(group.sticky)}"
                yield warn(evidence, "expect users to lose such sessions when they move")


def binding(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The cluster registers its pods in its own target group."""
    place = facts.place(subject.of, subject.on)
    if place is None:
        return
    groups = subject.of.listener_rule
    name, wanted = f"TargetGroupBinding {subject.of.namespace}/{groups.binding}", groups.group(subject.on)
    if place.binding is None:
        yield fail(f"{name} does not exist", "create it in this cluster, or correct alb.binding in crossfade.yaml")
    elif place.binding in (wanted, wanted.split("/")[1]):
        yield passed(f"{name} leads to {wanted.split('/')[1]}")
    elif place.binding == groups.group(subject.on.other):
        evidence = f"{name} leads to {subject.on.other}'s target group, so the weights would not part the clusters"
        yield fail(evidence, f"let it lead to {wanted}")
    else:
        yield fail(f"{name} leads to {place.binding or 'no target group'}", f"let it lead to {wanted}")


def targets(facts: Facts, subject: Subject) -> Iterator[Found]:
    """The target group has a healthy target."""
    if facts.estate is None or facts.rule(subject.of) is None:
        return
    at = facts.balancer(subject.of, subject.on)
    groups = at.groups if at else ()
    if not groups:
        fix = "create it, or correct alb in crossfade.yaml"
        yield fail(f"{subject.of.listener_rule.group(subject.on)} is not a target group of that load balancer", fix)
    for group in groups:
        count = f"{group.name} has {group.healthy} of {group.registered} targets healthy"
        if group.healthy:
            yield passed(count)
        else:
            yield fail(f"{count}: {_CONSEQUENCE[subject.on]}", "mend its pods, and look at the TargetGroupBinding")


_CONSEQUENCE: Final = {
    Side.BLUE: "there is no way back",
    Side.GREEN: "its share of the requests would be answered with 503",
}


CHECKS: Final = (
    Check(
        "listener-rule",
        "the listener rule forwards to blue's and green's target group, and to no other",
        "With the router alb: the rule does not exist, lacks a target group, has a third one, or is a default rule.",
        "Correct the rule, or `alb` in crossfade.yaml.",
        each_rule,
        rule,
    ),
    Check(
        "rule-owner",
        "no load balancer controller owns the listener rule",
        "With the router alb: the rule has a tag of the AWS Load Balancer Controller, which would undo every weight.",
        "Use a rule that Terraform owns.",
        each_rule,
        owner,
    ),
    Check(
        "stickiness",
        "every request follows the weights",
        "With the router alb: the rule has target group stickiness. Warns: a target group has sticky sessions.",
        "Switch stickiness off in the rule, its duration before the start.",
        each_rule,
        stickiness,
    ),
    Check(
        "binding",
        "the TargetGroupBinding leads to the cluster's own target group",
        "With the router alb: the TargetGroupBinding does not exist, or leads to another target group.",
        "Create it, or correct its targetGroupARN.",
        each_rule_place,
        binding,
    ),
    Check(
        "rule-targets",
        "the target group has a healthy target",
        "With the router alb: a target group has no healthy target, or belongs to no load balancer of that rule.",
        "Mend the pods, and look at the TargetGroupBinding.",
        each_rule_place,
        targets,
    ),
)
