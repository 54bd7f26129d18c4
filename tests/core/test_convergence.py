"""What has to be waited for until users are where the weights say, router by router."""

from datetime import timedelta

import pytest

from crossfade.core.convergence import RULE_SETTLES
from crossfade.core.plan import Plan, Timing
from crossfade.core.preview import preview
from crossfade.core.record import Record
from crossfade.core.workload import Router
from tests.steps.scene import EXECUTION, T0, a_plan

DNS = (Router.EXTERNAL_DNS, Router.ROUTE53)
RATES = {"burnham": 900.0, "yelb": 100.0}
SECOND = timedelta(seconds=1)


def through(*routers: Router) -> Plan:
    plan = a_plan()
    moved = tuple(w.model_copy(update={"router": r}) for w, r in zip(plan.workloads, routers, strict=True))
    return plan.model_copy(update={"workloads": moved})


def test_a_rule_that_was_read_back_needs_no_time_for_dns() -> None:
    quick = through(Router.ALB, Router.ALB).convergence

    assert (quick.settle, quick.margin, quick.carrier, quick.spread) == (RULE_SETTLES, *[timedelta()] * 3)


@pytest.mark.parametrize("router", DNS)
def test_dns_takes_what_the_configuration_gives_it(router: Router) -> None:
    slow = through(router, router).convergence

    assert (slow.settle, slow.margin) == (Timing().settle, Timing().margin)


def test_only_who_has_a_controller_waits_for_one() -> None:
    assert through(*[Router.ROUTE53] * 2).convergence.carrier == timedelta()
    assert through(*[Router.EXTERNAL_DNS] * 2).convergence.carrier > timedelta()


@pytest.mark.parametrize("router", DNS)
def test_a_wave_is_as_slow_as_its_slowest_router(router: Router) -> None:
    assert through(Router.ALB, router).convergence == through(router, router).convergence


@pytest.mark.parametrize(("router", "settles"), [(Router.ALB, RULE_SETTLES), (Router.ROUTE53, Timing().settle)])
def test_nothing_else_is_written_before_the_last_weight_has_settled(router: Router, settles: timedelta) -> None:
    plan = through(router, router)
    record = Record(migration="tonight", execution=EXECUTION, plan=plan, wrote=T0, agreed=T0, started=T0)

    assert not record.settled(T0 + settles - SECOND)
    assert record.settled(T0 + settles)


def test_behind_a_rule_a_plan_is_shorter_and_a_bad_green_costs_less() -> None:
    rule, dns = (preview(through(router, router), requests_per_second=RATES) for router in (Router.ALB, Router.ROUTE53))

    assert rule.duration.typical < dns.duration.typical
    assert rule.rollback.longest < timedelta(seconds=10) < dns.rollback.longest
    assert all(write.followed == write.written for write in rule.writes)
    for quick, slow in zip(rule.stages, dns.stages, strict=True):
        assert quick.turns_bad is not None
        assert slow.turns_bad is not None
        assert (quick.turns_bad.worst or 0) < (slow.turns_bad.worst or 0)
