"""People, as the product and the state machine reach them: what they were told, and whether anybody was paged."""

from dataclasses import dataclass, field

from crossfade.core.notice import Notice
from simulation.faults import Trouble


@dataclass
class People:
    """
    See `ports.Notifier`.

    Attributes:
        broken: What does not work at present (see `faults.Trouble`), by its value.
        told: Everything that was tried to be told, oldest first; one that cannot be delivered still counts as tried.
    """

    broken: set[str]
    told: list[Notice] = field(default_factory=list)

    @property
    def are_paged(self) -> bool:
        """Whether somebody was called."""
        return any(notice.page for notice in self.told)

    def tell(self, notice: Notice) -> bool:
        """See `ports.Notifier.tell`."""
        self.told.append(notice)
        return Trouble.NOTIFIER.value not in self.broken
