"""Several routers as one: what does not follow from the contract that `test_router` holds them to."""

import pytest

from crossfade.adapters.routers import Routers
from crossfade.core.traffic import Write
from crossfade.core.weight import Side
from crossfade.core.workload import Router
from crossfade.errors import RouterRefusedError, RouterThrottledError
from tests.contracts.estate import BURNHAM, GUESTBOOK, WORKLOADS
from tests.contracts.zone import direct
from tests.fakes_traffic import InMemoryRouter

BLUE, GREEN = Side.BLUE, Side.GREEN
MIXED = (direct(BURNHAM), GUESTBOOK)


def routers() -> dict[Router, InMemoryRouter]:
    return {kind: InMemoryRouter([workload.name for workload in WORKLOADS]) for kind in Router}


def test_each_router_hears_of_its_own_workloads_only() -> None:
    each = routers()
    Routers(each).write(MIXED, [Write("burnham", GREEN, 5), Write("guestbook", GREEN, 6)], epoch=7)

    assert each[Router.ROUTE53].written == [Write("burnham", GREEN, 5)]
    assert each[Router.EXTERNAL_DNS].written == [Write("guestbook", GREEN, 6)]


def test_a_router_without_a_write_is_not_asked() -> None:
    each = routers()
    each[Router.EXTERNAL_DNS].fail("write", RouterThrottledError("slow down"))
    Routers(each).write(MIXED, [Write("burnham", GREEN, 5)], epoch=7)

    assert each[Router.ROUTE53].written == [Write("burnham", GREEN, 5)]


def test_when_one_router_fails_the_other_writes_all_the_same() -> None:
    each = routers()
    each[Router.ROUTE53].fail("write", RouterThrottledError("slow down"))

    with pytest.raises(RouterThrottledError):
        Routers(each).write(MIXED, [Write("burnham", GREEN, 5), Write("guestbook", GREEN, 6)], epoch=7)
    assert each[Router.EXTERNAL_DNS].written == [Write("guestbook", GREEN, 6)]


def test_a_workload_of_a_router_that_is_not_deployed_is_refused() -> None:
    only = {Router.EXTERNAL_DNS: routers()[Router.EXTERNAL_DNS]}

    with pytest.raises(RouterRefusedError, match="deploy crossfade"):
        Routers(only).observe(MIXED)
