"""Rules about the waves of one plan: every workload is in one, and each comes after earlier ones only."""

from collections.abc import Sequence

from crossfade.core.fault import Path, sentence, written
from crossfade.core.forms import shown
from crossfade.core.loose import Document, Faults, as_list, as_mapping, as_text, repeats, twice


def wave_faults(path: Path, plan: Document, workloads: Sequence[str]) -> Faults:
    """Every broken rule about the waves of *plan*, which stand at *path*, a sentence each."""
    waves = [as_mapping(wave) for wave in as_list(plan.get("waves"))]
    names = [as_text(wave.get("name")) for wave in waves]
    yield from repeats(written(path), "name", names)
    homes: dict[str, int] = {}
    for index, wave in enumerate(waves):
        for at, name in enumerate(map(as_text, as_list(wave.get("workloads")))):
            if name is not None:
                yield from _member_faults((*path, index, "workloads", at), name, index, homes, workloads)
        for at, name in enumerate(map(as_text, as_list(wave.get("after")))):
            if name is not None:
                yield from _order_of_waves((*path, index, "after", at), name, index, waves)
        for key in ("workloads", "after"):
            yield from twice((*path, index, key), as_list(wave.get(key)))
    if waves:
        for name in workloads:
            if name not in homes:
                yield sentence(path, f"{shown(name)} is in no wave; add it to one")


def _member_faults(path: Path, name: str, wave: int, homes: dict[str, int], workloads: Sequence[str]) -> Faults:
    if name not in workloads:
        yield sentence(path, f"there is no workload {shown(name)}; use some of {', '.join(workloads)}")
    elif (home := homes.setdefault(name, wave)) != wave:
        yield sentence(path, f"{shown(name)} is in waves[{home}] already; each workload moves in one wave")


def _order_of_waves(path: Path, name: str, wave: int, waves: Sequence[Document]) -> Faults:
    names = [as_text(each.get("name")) for each in waves]
    if name not in names:
        known = ", ".join(each for each in names if each)
        yield sentence(path, f"there is no wave {shown(name)}; use some of {known}")
    elif (other := names.index(name)) == wave:
        yield sentence(path, "a wave cannot come after itself; remove it")
    elif other > wave:
        own = names[wave]
        is_cycle = own in as_list(waves[other].get("after"))
        rule = f"is a cycle: {shown(name)} comes after {own} itself; remove one of both" if is_cycle else ""
        yield sentence(path, rule or f"{shown(name)} stands further down; move it above this wave")
