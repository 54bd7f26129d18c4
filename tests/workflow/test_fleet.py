"""The shipped fleet in the embedded world: one workload turns bad, and the plan says who goes back."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from crossfade.adapters.config_file import read_config
from crossfade.cli.embedded import EXAMPLES, estate_of
from crossfade.cli.frame import Frame
from crossfade.cli.rehearsal import Demo
from crossfade.cli.summary import Summary
from crossfade.cli.view import SilentView
from crossfade.core.resolve import resolve
from tests.deployed import embedded
from world.faults import parse_fault

CONFIG: Final = EXAMPLES / "estates" / "fleet" / "crossfade.yaml"
BLUE, GREEN = {"blue": 100, "green": 0}, {"blue": 0, "green": 100}
HOSTS = ("burnham", "2048", "guestbook-ui", "yelb", "ho11y")


class Watching(SilentView):
    """Keeps the last frame before the end."""

    last: Frame | None = None

    is_seen = True

    def show(self, frame: Frame) -> None:
        self.last = frame


def run(plan: str, view: Watching) -> Summary:
    config = read_config(CONFIG, now=None)
    spec = replace(estate_of(config, CONFIG), warm_up=timedelta(minutes=5))
    with embedded(config, CONFIG, seed=1, faults=[parse_fault("green-5xx:yelb@3")], spec=spec) as world:
        given = {"plan": plan}
        return Demo(world, resolve(config, given, now=world.clock.now), view, fault="").run(given)


def test_one_bad_workload_goes_back_alone_and_the_other_waves_go_on() -> None:
    view = Watching()
    summary = run("fleet", view)

    assert (summary.outcome, summary.broken) == ("PartlyRolledBack", ())
    at = {host.partition(".")[0]: dict(weights) for host, weights in summary.weights.items()}
    assert at == {host: BLUE if host == "yelb" else GREEN for host in HOSTS}
    assert view.last is not None
    assert dict(view.last.waves) == {0: "pilot", 2: "brave", 4: "rest"}
