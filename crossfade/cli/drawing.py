"""The dashboard of a run in the embedded world, drawn: the synthesised definition and what the run has published."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moto.core.models import DEFAULT_ACCOUNT_ID

from crossfade.cli.dashboard import Definition, Heading, Recorder, render
from crossfade.cli.embedded import Embedded
from crossfade.cli.summary import Summary
from world.faults import Fault
from world.template import ALARM, DASHBOARD, Template

_STACK: Final = "Crossfade"


class Drawing:
    """
    Listens to a run, from before its start, and draws its dashboard.

    Args:
        world: In which it runs.
        body: The template that was deployed into it.
    """

    def __init__(self, world: Embedded, body: Mapping[str, Any]) -> None:
        region = world.config.clusters.green.region
        self._template = Template(body, stack=_STACK, account=DEFAULT_ACCOUNT_ID, region=region)
        self._recorder = Recorder(world)

    def page(self, heading: Heading) -> str:
        """The page, as of now."""
        found = self._template
        definition = Definition.read(found.property(found.only(DASHBOARD), "DashboardBody"))
        return render(definition, self._recorder.published(self._alarms()), heading)

    def _alarms(self) -> list[dict[str, object]]:
        found = self._template
        names = ("Namespace", "MetricName", "Dimensions", "Period", "Statistic", "Threshold", "ComparisonOperator")
        return [
            {"Arn": found.arn(id_), **{name: found.property(id_, name) for name in names}} for id_ in found.ids(ALARM)
        ]


def heading_of(summary: Summary, plan: str, seed: int, faults: Sequence[Fault]) -> Heading:
    """What stands over the drawing of the run that *summary* is of."""
    broken = ", ".join(map(str, faults)) or "none"
    return Heading(
        outcome=summary.headline,
        reason=summary.reason,
        run=f"plan {plan}, seed {seed}, fault: {broken}",
        began=summary.began,
    )
