"""What the exit codes of the commands mean."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, assert_never

from crossfade.core.record import Outcome


class Exit(IntEnum):
    """The exit codes."""

    DONE = 0
    BROKEN = 1
    REFUSED = 2
    NOT_ON_GREEN = 3
    NEEDS_SOMEBODY = 4
    CHECK_FAILED = 5
    PARTLY_ON_GREEN = 6


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.DONE: "done; `watch`: the migration has succeeded, or its dry run has passed",
    Exit.BROKEN: "`demo`, `simulate`, `replay`: a promise was broken; the output says which",
    Exit.REFUSED: "refused, or AWS could not be asked; one sentence on stderr says why and what to do",
    Exit.NOT_ON_GREEN: "`watch`: it has ended with traffic where it was before (RolledBack, Refused, Duplicate)",
    Exit.NEEDS_SOMEBODY: "`watch`: it has ended and somebody has to look (RollbackUnconfirmed, Held)",
    Exit.CHECK_FAILED: "`preflight`: a check has failed; a migration would be refused before its first write",
    Exit.PARTLY_ON_GREEN: "`watch`: it has ended with some hosts on green and the others where they were before "
    "(PartlyRolledBack)",
}


def exit_of(outcome: Outcome) -> Exit:
    """The exit code that tells *outcome*."""
    match outcome:
        case Outcome.SUCCEEDED | Outcome.DRY_RUN:
            return Exit.DONE
        case Outcome.ROLLED_BACK | Outcome.REFUSED | Outcome.DUPLICATE:
            return Exit.NOT_ON_GREEN
        case Outcome.PARTLY_ROLLED_BACK:
            return Exit.PARTLY_ON_GREEN
        case Outcome.ROLLBACK_UNCONFIRMED | Outcome.HELD:
            return Exit.NEEDS_SOMEBODY
        case _:
            assert_never(outcome)
