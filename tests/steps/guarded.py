"""A scene that the guardian looks after: what the tests of its rescues and of holds share."""

from crossfade.core.config import Config, check_config
from crossfade.core.plan import Plan
from crossfade.steps.guard import Deed, guard
from tests.fakes import FakeExecutions
from tests.steps.scene import EXECUTION, Scene, a_plan


def config_of(plan: Plan) -> Config:
    """A configuration with the places of *plan*."""
    document = {
        "version": 1,
        "clusters": {"blue": plan.blue.model_dump(), "green": plan.green.model_dump()},
        "hostedZone": plan.zone.model_dump(),
        "workloads": [
            workload.model_dump(
                mode="json", exclude={"identifiers", "requests_per_second", "http_route", "dns_endpoint"}
            )
            for workload in plan.workloads
        ],
        "plans": {"standard": {"stages": [{"share": 100, "bake": "10m"}]}},
        "defaultPlan": "standard",
    }
    return check_config(document, now=None)


class Guarded(Scene):
    """A scene with a guardian that looks once a minute."""

    executions = FakeExecutions()
    config = config_of(a_plan())

    def guard(self) -> dict[str, Deed]:
        return guard(
            self.ledger,
            self.ways,
            self.notifier,
            self.executions,
            alarms=self.alarms,
            leased=self.ledger.leased(),
            config=self.config,
            now=self.now,
        )

    def guarded_for(self, minutes: int) -> None:
        for _ in range(minutes):
            self.guard()
            self.pass_time(60)
            self.router.propagate()


def stopped(stages: int) -> Guarded:
    scene = Guarded()
    scene.executions = FakeExecutions()
    scene.ready().moved_through(stages)
    scene.executions.set(EXECUTION, "ABORTED")
    return scene
