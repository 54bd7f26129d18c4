"""TrafficRouter over Application Load Balancers: weights of two target groups in one listener rule.

The rule is source and authority: what it lists is what requests are shared out by. Nothing carries a weight, no DNS is
touched. Our weights, 0 to 255, stand in the rule as they are; it could take up to 999, and more than 255 is no weight
of ours. With all weights 0 a load balancer answers every request with 503, so that is never written.

Elastic Load Balancing has no conditional write. A write reads the rule, checks it, stamps it, reads it once more, and
changes it only if it is as it was and no younger epoch has come; then it reads it back. What is left is the moment
between the second reading and the change: `docs/decisions` says what may happen there and who mends it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from crossfade.adapters.alb import Rule
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.seams import Rules
from crossfade.core.duration import format_duration
from crossfade.core.traffic import Reading, SideReading, Write, by_workload
from crossfade.core.weight import WEIGHT_MAX, Side
from crossfade.core.workload import Workload
from crossfade.errors import (
    CrossfadeError,
    PermanentError,
    RouterObjectMissingError,
    RouterRefusedError,
    SupersededError,
    TemporaryError,
    WriteConflictError,
)

_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class _Held:
    """A workload and its rule as read; both target groups are in it."""

    workload: Workload
    rule: Rule

    def weight(self, side: Side) -> int:
        """As the rule lists it, 0 to 999."""
        return self.rule.weights[self.workload.listener_rule.group(side)]

    def reading(self) -> Reading:
        return Reading(self.workload.name, *(self._side(side) for side in Side))

    def _side(self, side: Side) -> SideReading:
        """While a third target group has users, no weight of ours says what users get, so none is shown."""
        at, strangers = self.weight(side), [arn for arn in self.strangers if self.rule.weights[arn]]
        known = at if at <= WEIGHT_MAX else None
        notes = [] if known is not None else [f"its target group has weight {at}; use 0 to {WEIGHT_MAX}"]
        notes += [f"a third target group has a weight: {arn}; remove it" for arn in strangers]
        name = self.workload.listener_rule.group(side).split("/")[1]
        shown = None if strangers else known
        return SideReading(known, shown, epoch=self.rule.epoch, note="; ".join(notes), identifier=name)

    @property
    def strangers(self) -> tuple[str, ...]:
        """Target groups of the rule that are neither blue's nor green's."""
        ours = {self.workload.listener_rule.group(side) for side in Side}
        return tuple(sorted(set(self.rule.weights) - ours))

    def actions(self, weights: Mapping[Side, int]) -> list[dict[str, Any]]:
        """What the rule has to say with *weights*; what is not in them stays."""
        groups = self.workload.listener_rule
        return self.rule.with_weights({groups.group(side): weight for side, weight in weights.items()})

    def differs(self, weights: Mapping[Side, int]) -> bool:
        """Whether the rule lists other weights than *weights*."""
        return any(self.weight(side) != weight for side, weight in weights.items())


class AlbRouter:
    """
    The listener rules of all workloads; each has its own.

    Args:
        rules: Where they are.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def observe(self, workloads: Sequence[Workload]) -> tuple[Reading, ...]:
        """See `ports.TrafficRouter.observe`. Declared is what is listed: nothing else asks for a weight."""
        found, errors = self._read(workloads)
        raise_worst([error for error in errors.values() if isinstance(error, TemporaryError)])
        named = {held.workload.name: held.reading() for held in found}
        named |= {name: _unreadable(name, error) for name, error in errors.items() if isinstance(error, PermanentError)}
        return tuple(named[workload.name] for workload in workloads)

    def write(self, workloads: Sequence[Workload], writes: Sequence[Write], *, epoch: int) -> None:
        """See `ports.TrafficRouter.write`. Both weights of a workload are written at once."""
        wanted = by_workload(writes)
        self._apply([workload for workload in workloads if workload.name in wanted], wanted, epoch)

    def stamp(self, workloads: Sequence[Workload], *, epoch: int) -> None:
        """See `ports.TrafficRouter.stamp`."""
        self._apply(workloads, {}, epoch)

    def rehearse(self, workloads: Sequence[Workload]) -> tuple[str, ...]:
        """
        See `ports.TrafficRouter.rehearse`. There is no dry run, so it is only looked whether the rule can be written.

        Whether this account may change it is not known before the first change; the stack grants it.
        """
        found, errors = self._read(workloads)
        raise_worst([error for error in errors.values() if isinstance(error, TemporaryError)])
        faults = [fault for held in found for fault in _faults(held)]
        return (*(str(error) for error in errors.values()), *faults)

    def _read(self, workloads: Sequence[Workload]) -> tuple[list[_Held], dict[str, CrossfadeError]]:
        """What there is of *workloads*, in order; and by name why a rule cannot carry its weights."""
        answers = self._rules.read([workload.listener_rule.rule for workload in workloads])
        found: list[_Held] = []
        errors: dict[str, CrossfadeError] = {}
        for workload, answer in zip(workloads, answers, strict=True):
            if isinstance(answer, CrossfadeError):
                errors[workload.name] = type(answer)(f"{workload.name}: {answer}")
            elif missing := _missing(workload, answer):
                errors[workload.name] = RouterObjectMissingError(missing)
            else:
                found.append(_Held(workload, answer))
        return found, errors

    # --- Writing -----------------------------------------------------------------------------------------------------

    def _apply(self, workloads: Sequence[Workload], wanted: Mapping[str, Mapping[Side, int]], epoch: int) -> None:
        """Change all rules that can be changed, then raise the worst error."""
        found, errors = self._read(workloads)
        calls = [partial(self._change, held, wanted.get(held.workload.name, {}), epoch) for held in found]
        _, failed = split(gather(calls, workers=_WORKERS))
        raise_worst([*errors.values(), *failed])

    def _change(self, held: _Held, weights: Mapping[Side, int], epoch: int) -> None:
        """Read, check, stamp, read, change, read back; with no weights only stamp."""
        _check(held, weights, epoch)
        if held.rule.epoch != epoch:
            self._look_again(held, epoch, stamped=False)
            self._rules.stamp(held.rule, epoch)
        if not weights or not held.differs(weights):
            return
        self._look_again(held, epoch)
        actions = held.actions(weights)
        self._rules.modify(held.rule.arn, actions)
        self._read_back(held, weights, epoch)

    def _look_again(self, held: _Held, epoch: int, *, stamped: bool = True) -> None:
        """
        Read the rule once more.

        Raises:
            WriteConflictError: It is not as it was, or somebody younger came in between.
        """
        now = self._rules.one(held.rule.arn)
        known = epoch if stamped else held.rule.epoch
        if now.actions != held.rule.actions or now.epoch != known:
            msg = f"{_name(held.workload)} was changed by somebody else in between; it is read again"
            raise WriteConflictError(msg)

    def _read_back(self, held: _Held, weights: Mapping[Side, int], epoch: int) -> None:
        """
        See whether the rule lists what was written.

        Raises:
            WriteConflictError: It does not, or somebody younger came in between.
        """
        after = _Held(held.workload, self._rules.one(held.rule.arn))
        if _missing(held.workload, after.rule) or after.differs(weights) or after.rule.epoch != epoch:
            msg = (
                f"{_name(held.workload)} does not list what was just written; somebody else writes it, too; look again"
            )
            raise WriteConflictError(msg)


def _unreadable(workload: str, error: PermanentError) -> Reading:
    """A workload whose rule is not there, or lacks a target group: no weight can be written."""
    blue, green = (SideReading(None, None, note=str(error), reachable=False, fault=error) for _ in Side)
    return Reading(workload, blue, green)


def _name(workload: Workload) -> str:
    return f"{workload.name}: rule {workload.listener_rule.rule}"


def _missing(workload: Workload, rule: Rule) -> str:
    """What *rule* lacks to carry the weights of *workload*; empty when nothing."""
    groups = workload.listener_rule
    absent = [f"{side}'s target group {groups.group(side)}" for side in Side if groups.group(side) not in rule.weights]
    if not absent:
        return ""
    return f"{_name(workload)} does not forward to {' and '.join(absent)}; let its forward action name both"


def _faults(held: _Held) -> Iterator[str]:
    """What keeps the rule from being written, a sentence each."""
    name, rule = _name(held.workload), held.rule
    if rule.is_default:
        yield f"{name} is a default rule, which only its listener can change; give the listener's ARN as `alb.rule`"
    if rule.owner:
        yield (
            f"{name} belongs to a load balancer controller ({rule.owner}), which undoes what others write; "
            "use a rule that Terraform or you own"
        )
    if held.strangers:
        yield (
            f"{name} forwards to other target groups, too ({', '.join(held.strangers)}); "
            "remove them: their users belong to neither blue nor green"
        )
    if rule.sticky is not None:
        kept = format_duration(rule.sticky)
        yield (
            f"{name} keeps users with a target group for {kept} whatever the weights (stickiness), "
            f"so green's could not be given back; switch that off {kept} before the start"
        )


def _check(held: _Held, weights: Mapping[Side, int], epoch: int) -> None:
    """
    Refuse what must not be written.

    Raises:
        SupersededError: A younger epoch has written this rule.
        RouterRefusedError: A weight is out of range, only zeros would be left, or users would be moved to green by a
            rule that could not give them back. Giving them back is never refused for what is wrong with the rule.
    """
    name = _name(held.workload)
    if held.rule.epoch > epoch:
        msg = f"{name} carries epoch {held.rule.epoch}, a younger one than our {epoch}; this run writes no more"
        raise SupersededError(msg)
    for side, weight in weights.items():
        if not 0 <= weight <= WEIGHT_MAX:
            msg = f"{name}: {weight} is no weight for {side}; use a whole number from 0 to {WEIGHT_MAX}"
            raise RouterRefusedError(msg)
    if weights and not any(weights.get(side, held.weight(side)) for side in Side):
        msg = f"{name}: only zero weights would be left, which is answered with 503; raise the other side first"
        raise RouterRefusedError(msg)
    if _leads_to_green(held, weights) and (faults := list(_faults(held))):
        raise RouterRefusedError("; ".join(faults))


def _leads_to_green(held: _Held, weights: Mapping[Side, int]) -> bool:
    """Whether *weights* give green more users."""
    raised = weights.get(Side.GREEN, 0) > held.weight(Side.GREEN)
    return raised or weights.get(Side.BLUE, WEIGHT_MAX) < held.weight(Side.BLUE)
