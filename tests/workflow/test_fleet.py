"""The shipped fleet in the embedded world: one workload turns bad, and the plan says who goes back."""

from typing import Final

from crossfade.cli.frame import Frame
from crossfade.cli.rehearsal import Demo
from crossfade.cli.view import SilentView
from crossfade.core.resolve import resolve
from tests.workflow.journey import example

PLAN: Final = {
    "stages": [{"share": 100, "bake": "2m"}],
    "waves": [
        {"name": "pilot", "workloads": ["burnham"]},
        {"name": "brave", "workloads": ["game-2048", "guestbook-ui", "yelb"]},
        {"name": "rest", "workloads": ["ho11y"], "after": ["pilot"]},
    ],
    "onFailure": "workload",
    "soak": "2m",
}
"""The waves of the estate's own plan, each in one stage."""
BLUE, GREEN = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}
HOSTS = ("burnham", "2048", "guestbook-ui", "yelb", "ho11y")


class Watching(SilentView):
    """Keeps the last frame before the end."""

    last: Frame | None = None

    is_seen = True

    def show(self, frame: Frame) -> None:
        self.last = frame


def test_one_bad_workload_goes_back_alone_and_the_other_waves_go_on() -> None:
    view = Watching()
    with example("fleet", "green-5xx:yelb@2", plan=PLAN) as tonight:
        world = tonight.world
        summary = Demo(world, resolve(world.config, {}, now=world.clock.now), view, fault="").run({})

    assert (summary.outcome, summary.broken) == ("PartlyRolledBack", ())
    at = {host.partition(".")[0]: dict(weights) for host, weights in summary.weights.items()}
    assert at == {host: BLUE if host == "yelb" else GREEN for host in HOSTS}
    assert view.last is not None
    assert dict(view.last.waves) == {0: "pilot", 1: "brave", 2: "rest"}
