"""Parts that tell what a name means: errors, outcomes, causes, checks, faults and commands, as the code says it."""

import re
from inspect import cleandoc
from itertools import groupby

from crossfade import errors
from crossfade.cli.exits import MEANINGS
from crossfade.core.preflight import CHECKS
from crossfade.core.record import Outcome
from crossfade.core.verdict import Cause
from crossfade.errors import CrossfadeError, PermanentError, TemporaryError
from simulation.catalogue import Failure, catalogue
from simulation.faults import How
from simulation.mutants import MUTANTS
from tools.reference.markdown import ROOT, Lines, code, read, said_beside, table
from tools.trips import SAMPLE, systems, trips


def error_classes() -> list[type[CrossfadeError]]:
    """All errors with a name that Step Functions can show, in the order of their file."""
    found = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, CrossfadeError)]
    return [each for each in found if each not in (CrossfadeError, TemporaryError, PermanentError)]


def error_table() -> Lines:
    """Every error: whether it is retried, and what it says."""
    rows = (
        [f"`{e.__name__}`", "rolls back" if issubclass(e, PermanentError) else "retried", _summary(e)]
        for e in error_classes()
    )
    return table(["Error", "Then it is", "What it says"], rows)


def _summary(documented: type) -> str:
    return re.sub(r"\s+", " ", cleandoc(documented.__doc__ or "").split("\n\n")[0])


def outcomes() -> Lines:
    """Every outcome with the sentence that stands beside it in the code."""
    said = said_beside("crossfade/core/record.py")
    return table(["Outcome", "What it means"], ([f"`{each.value}`", said[each.value]] for each in Outcome))


def causes() -> Lines:
    """What a verdict may rest on, with the sentence that stands beside it in the code."""
    said = said_beside("crossfade/core/verdict.py")
    return table(["In the timeline", "What it means"], ([f"`{each.value}`", said[each.value]] for each in Cause))


def checks() -> Lines:
    """Every check of the preflight."""
    rows = ([f"`{each.id}`", each.title, each.trips, each.fix] for each in CHECKS)
    return table(["Check", "Passes when", "Fails or warns when", "Fix"], rows)


def tripping() -> Lines:
    """What trips each check in the embedded world, by check."""
    rows = (
        [
            f"`{check.id}`",
            _estate(trip.estate),
            f"`{trip.fault}`" if trip.fault else "as it stands",
            trip.verdict,
            trip.says,
        ]
        for check in CHECKS
        for trip in trips()
        if trip.check == check.id
    )
    return table(["Check", "Estate", "`--fault`", "Verdict", "It says"], rows)


def _estate(name: str) -> str:
    return "the sample" if name == SAMPLE else f"[{name}](../examples/estates/{name}/crossfade.yaml)"


def systems_table() -> Lines:
    """What an estate may be made of, and where that can be seen."""
    rows = (
        [
            each.name,
            ", ".join(_estate(name) for name in each.estates),
            code(each.faults),
            "<br>".join(f"`tests/{test}`" for test in each.tests),
        ]
        for each in systems()
    )
    return table(["System", "Moved in", "Faults", "Seen by"], rows)


def exits() -> Lines:
    """What the exit codes of the commands mean."""
    return table(["Code", "Meaning"], ([f"{code.value}", words] for code, words in MEANINGS.items()))


def mutants() -> Lines:
    """The seeded bugs of the simulator, and the invariant that must see each."""
    return table(
        ["Bug", "What is wrong", "Seen by"], ([f"`{each.name}`", each.bug, each.killed_by] for each in MUTANTS)
    )


def faults() -> Lines:
    """How one call of a simulated run may go wrong."""
    said = said_beside("simulation/faults.py")
    return table(["Fault", "What happens"], ([f"`{each.value}`", said[each.value]] for each in How))


def failure_catalogue() -> Lines:
    """Every failure of the catalogue, a table for each step of a migration."""
    head = ["#", "What fails", "What happens", "Seen by", "Gap"]
    for step, rows in groupby(catalogue(), key=lambda failure: failure.step):
        yield from ("", f"## {step}", "", *table(head, ([f.number, f.what, f.then, _seen_by(f), f.gap] for f in rows)))
    yield ""


def _seen_by(failure: Failure) -> str:
    seen = [f"`{test}`" for test in failure.tests]
    if failure.simulated:
        seen.append(f"struck by {code(failure.simulated)}")
    if failure.by_hand:
        section = failure.by_hand.partition("#")[2].replace("-", " ")
        seen.append(f"by hand: [{section}]({failure.by_hand})")
    return "<br>".join(seen)


def make_targets() -> dict[str, str]:
    """The targets of the Makefile that `make help` lists, with their words."""
    return dict(re.findall(r"^([a-z-]+):.*## (.*)$", read(ROOT / "Makefile"), re.MULTILINE))


def make_table() -> Lines:
    """Every target that `make help` lists."""
    return table(["Command", "What it does"], ([f"`make {name}`", words] for name, words in make_targets().items()))
