"""Users follow the weights as resolvers and kept connections let them: most of them soon, some much later."""

from datetime import datetime, timedelta
from statistics import mean
from typing import Final

import pytest

from world.chance import binomial, divide, stream
from world.clients import STEP, Population
from world.route53_records import Answer, Record

NINE: Final = datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001  # only differences count
HOST: Final = "app.example.com"


class Dns:
    """Authoritative servers that answer with a share of green."""

    def __init__(self, green: float) -> None:
        self.green: float | None = green

    def __call__(self, host: str) -> tuple[Answer, ...]:
        if self.green is None:
            return ()
        shares = {"blue": 1 - self.green, "green": self.green}
        return tuple(
            Answer(Record(host, "A", side, target=side), share, is_healthy=True) for side, share in shares.items()
        )


class Users:
    """The users of one host, minute by minute."""

    def __init__(self, green: float, seed: int = 1) -> None:
        self.dns = Dns(green)
        self.population = Population(HOST, self.dns, stream(seed), requests_per_second=50)
        self._now = NINE

    def minutes(self, count: int) -> list[float]:
        """The observed share of green in each of *count* minutes."""
        return [self._minute() for _ in range(count)]

    def _minute(self) -> float:
        green = total = 0
        for _ in range(timedelta(minutes=1) // STEP):
            self._now += STEP
            got = self.population.step(self._now)
            self.population.note({target: (requests, 0) for target, requests in got.items()})
            green += got.get("green", 0)
            total += sum(got.values())
        return green / total


@pytest.mark.parametrize("share", [0.01, 0.05, 0.25, 0.5])
def test_the_observed_share_is_the_answered_one_on_average(share: float) -> None:
    observed = [mean(Users(share, seed).minutes(20)) for seed in range(8)]

    assert mean(observed) == pytest.approx(share, rel=0.25)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0.0), (1.0, 1.0)])
def test_what_is_never_answered_gets_no_requests(share: float, expected: float) -> None:
    assert set(Users(share).minutes(20)) == {expected}


def test_most_users_follow_within_two_minutes_and_some_much_later() -> None:
    users = Users(1.0)
    users.minutes(5)
    users.dns.green = 0.0
    lag = users.minutes(90)

    assert lag[0] > 0.3
    assert 0.05 < lag[2] < 0.25
    assert lag[20] > 0
    assert lag[-1] < 0.02


def test_a_name_without_an_answer_fails_for_those_who_ask() -> None:
    users = Users(0.5)
    users.minutes(5)
    users.dns.green = None
    users.minutes(3)
    got = users.population.step(NINE + timedelta(minutes=9))

    assert got[""] > 0.7 * sum(got.values())


def test_the_same_seed_makes_the_same_users() -> None:
    assert Users(0.25, seed=7).minutes(10) == Users(0.25, seed=7).minutes(10)
    assert Users(0.25, seed=7).minutes(10) != Users(0.25, seed=8).minutes(10)


def test_about_as_many_requests_are_sent_as_the_rate_says() -> None:
    users = Users(0.5)
    users.minutes(10)
    sent = sum(count.total for count in users.population.traffic.by_side.values())

    assert sent == users.population.traffic.all.total
    assert sent == pytest.approx(50 * 600, rel=0.02)


@pytest.mark.parametrize(("count", "chance"), [(30, 0.01), (10_000, 0.3), (10_000, 0.001), (50, 0.9), (160, 0.05)])
def test_a_binomial_has_its_mean_and_its_bounds(count: int, chance: float) -> None:
    random = stream(1, "binomial")
    drawn = [binomial(random, count, chance) for _ in range(2000)]

    assert all(0 <= one <= count for one in drawn)
    assert mean(drawn) == pytest.approx(count * chance, rel=0.1)


@pytest.mark.parametrize(("chance", "expected"), [(0.0, 0), (1.0, 40)])
def test_what_is_certain_is_not_drawn(chance: float, expected: int) -> None:
    assert binomial(stream(1), 40, chance) == expected


def test_dividing_loses_nobody() -> None:
    random = stream(1)
    for count in range(200):
        divided = divide(random, count, {"a": 0.7, "b": 0.2, "c": 0.1, "d": 0.0})

        assert sum(divided.values()) == count
        assert divided["d"] == 0
