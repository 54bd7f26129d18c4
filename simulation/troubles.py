"""Troubles of the estate over a time: each spell of a scenario begins and ends by the clock.

What breaks is a mark in the estate, or something that somebody does. This file knows no invariant.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from crossfade.core.weight import Side
from simulation.commands import Commands
from simulation.estate import Estate
from simulation.events import Events
from simulation.executions import Executions
from simulation.faults import Spell, Trouble

_SKEW_SECONDS: Final = (60, 120)


class Troubles:
    """
    What goes wrong beside single calls.

    Args:
        estate: In which things break.
        executions: Whose machine's clock can be wrong.
        events: Of alarms.
        commands: What the person of the run types.
        start_again: Starts the migration a second time.
    """

    def __init__(
        self,
        estate: Estate,
        executions: Executions,
        events: Events,
        commands: Commands,
        *,
        start_again: Callable[[], None],
    ) -> None:
        self._estate = estate
        self._executions = executions
        self._events = events
        self._commands = commands
        self._start_again = start_again

    def schedule(self, spell: Spell) -> None:
        """Let *spell* begin when it is due."""
        self._estate.clock.after(timedelta(seconds=spell.begins), lambda: self._begin(spell))

    def _begin(self, spell: Spell) -> None:
        match spell.trouble:
            case Trouble.DRIFT:
                self._estate.by_hand((self._estate.plan.workloads[0].name, Side.GREEN), 7)
            case Trouble.HOLD:
                self._commands.hold(timedelta(seconds=spell.lasts))
            case Trouble.ABORT:
                self._commands.abort()
            case Trouble.ALARM_FLASH:
                self._events.tell_alarms()
            case Trouble.DUPLICATE:
                self._start_again()
            case Trouble.CLOCK_AHEAD | Trouble.CLOCK_BEHIND:
                seconds = self._estate.random.uniform(*_SKEW_SECONDS)
                self._executions.skew = timedelta(seconds=seconds if spell.trouble is Trouble.CLOCK_AHEAD else -seconds)
                self._estate.clock.after(timedelta(seconds=spell.lasts), self._mend_clock)
            case _:
                self._estate.elapse()
                self._estate.broken.add(spell.trouble.value)
                if spell.trouble is Trouble.GREEN_BAD:
                    self._events.tell_alarms()
                self._estate.clock.after(timedelta(seconds=spell.lasts), lambda: self._heal(spell))
        self._estate.watch()

    def _mend_clock(self) -> None:
        self._executions.skew = timedelta(0)

    def _heal(self, spell: Spell) -> None:
        self._estate.elapse()
        self._estate.broken.discard(spell.trouble.value)
