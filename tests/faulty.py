"""Faults on demand: what every fake has in common."""

from dataclasses import dataclass

from crossfade.errors import CrossfadeError


@dataclass
class Fault:
    error: CrossfadeError
    times: int
    after: bool


class Faulty:
    """Raises what a test has asked for, before or after a call took effect."""

    def __init__(self) -> None:
        super().__init__()
        self._faults: dict[str, Fault] = {}

    def fail(self, method: str, error: CrossfadeError, *, times: int = 1, after: bool = False) -> None:
        """Let the next *times* calls of *method* raise *error*; with *after*, only once they took effect."""
        self._faults[method] = Fault(error, times, after)

    def _trip(self, method: str, *, after: bool = False) -> None:
        fault = self._faults.get(method)
        if fault and fault.after is after and fault.times > 0:
            fault.times -= 1
            raise fault.error
