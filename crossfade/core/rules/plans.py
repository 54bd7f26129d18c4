"""Rules about one plan: its shares rise and can be expressed, it has not expired, and its history is long enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from crossfade.core.budget import EVENTS_MAX, events_needed, fits
from crossfade.core.fault import Path, sentence
from crossfade.core.forms import shown
from crossfade.core.loose import Document, Faults, as_duration, as_instant, as_list, as_mapping, as_number
from crossfade.core.plan import Gate, Timing
from crossfade.core.presets import Preset, stages_of
from crossfade.core.weight import PERCENT, encode


def plan_faults(path: Path, plan: Document, timing: Timing | None, now: datetime | None) -> Faults:
    """Every broken rule about *plan*, which stands at *path*, a sentence each; else as `broken_rules`."""
    stages, preset = plan.get("stages"), plan.get("preset")
    if stages is not None and preset is not None:
        yield sentence(path, "has both stages and a preset; remove one")
    if stages is None and preset is None:
        yield sentence(path, "has no stages and no preset; add one of them")
    yield from _share_faults(
        (*path, "stages"), [as_number(as_mapping(stage).get("share")) for stage in as_list(stages)]
    )
    yield from _expiry_faults((*path, "notAfter"), plan.get("notAfter"), now)
    yield from _length_faults(path, plan, timing)
    gated = any(as_mapping(stage).get("gate") == Gate.APPROVAL for stage in as_list(stages))
    if as_mapping(plan.get("approval")).get("byAnother") is True and not gated:
        yield sentence((*path, "approval", "byAnother"), "no stage waits for approval; give one gate: approval")


def _share_faults(path: Path, shares: Sequence[float | None]) -> Faults:
    found = list(_order_faults(path, shares))
    yield from found
    known = [share for share in shares if share is not None and 0 < share <= PERCENT]
    if known and not found and len(known) == len(shares):
        yield from _expression_faults(path, known)


def _order_faults(path: Path, shares: Sequence[float | None]) -> Faults:
    highest = 0.0
    for index, share in enumerate(shares):
        if share is not None and 0 < share <= highest:
            rule = f"{share:g} does not rise above the {highest:g} before it; let shares rise from stage to stage"
            yield sentence((*path, index, "share"), rule)
        highest = max(highest, share or 0)
    last = shares[-1] if shares else None
    if last is not None and 0 < last < PERCENT:
        yield sentence((*path, len(shares) - 1, "share"), f"{last:g} is the last share; the last must be 100")


def _expression_faults(path: Path, shares: Sequence[float]) -> Faults:
    if _is_encoded(shares):
        return
    rule = "cannot be made of whole weights from 0 to 255; use multiples of 0.5"
    alone = [index for index, share in enumerate(shares) if not _is_encoded((share, PERCENT)[: 1 + (share < PERCENT)])]
    for index in alone:
        yield sentence((*path, index, "share"), f"{shares[index]:g} % {rule}")
    if not alone:
        yield sentence(path, f"these shares together {rule}")


def _is_encoded(shares: Sequence[float]) -> bool:
    try:
        encode(shares)
    except ValueError:
        return False
    return True


def _expiry_faults(path: Path, value: object, now: datetime | None) -> Faults:
    instant = as_instant(value)
    if now is not None and instant is not None and instant <= now:
        yield sentence(path, f"{shown(str(value))} is past; move it forward or remove it")


def _length_faults(path: Path, plan: Document, timing: Timing | None) -> Faults:
    bakes, soak = _bakes(plan), as_duration(plan.get("soak", "0s"))
    if timing is None or soak is None or bakes is None or fits(bakes, soak, timing):
        return
    needed = events_needed(bakes, soak, timing)
    rule = f"is too long to watch: it could need {needed} history events, and an execution has {EVENTS_MAX}"
    fewer = ", make fewer waves" if plan.get("waves") else ""
    yield sentence(path, f"{rule}; shorten its bakes or its soak{fewer}, or raise timing.poll")


def _bakes(plan: Document) -> list[timedelta] | None:
    """The bakes of all stages of all waves."""
    bakes = _bakes_of_a_wave(plan)
    return None if bakes is None else bakes * max(1, len(as_list(plan.get("waves"))))


def _bakes_of_a_wave(plan: Document) -> list[timedelta] | None:
    preset = plan.get("preset")
    if isinstance(preset, str) and preset in set(Preset):
        return [stage.bake for stage in stages_of(Preset(preset))]
    bakes = [as_duration(as_mapping(stage).get("bake")) for stage in as_list(plan.get("stages"))]
    return [bake for bake in bakes if bake is not None] if None not in bakes else None
