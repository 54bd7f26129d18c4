"""Hooks about time: what moto does in real time happens in virtual time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry import jitter_strategy_decl, retrier_decl
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_lambda import (
    StateTaskServiceLambda,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction

from world.clock import Clock
from world.moto_hooks.swap import swapped


@contextmanager
def waits_take_virtual_time(clock: Clock) -> Iterator[None]:
    """Moto's Wait states sleep in real time."""

    def wait_interval(_wait: Any, env: Any, wait_seconds: int) -> None:
        if env.is_running():
            clock.sleep(wait_seconds, interruptible=True)

    with swapped(WaitFunction, "_wait_interval", wait_interval):
        yield


@contextmanager
def retries_back_off_in_virtual_time(clock: Clock) -> Iterator[None]:
    """Moto's Retry sleeps in real time, and a stopped execution sleeps on."""

    def sleep(seconds: float) -> None:
        clock.sleep(seconds, interruptible=True)

    with swapped(retrier_decl, "time", SimpleNamespace(sleep=sleep)):
        yield


@contextmanager
def jitter_comes_from_the_seed(random: Random) -> Iterator[None]:
    """Moto's jitter is drawn from the global generator, so that no two runs are the same."""
    with swapped(jitter_strategy_decl, "random", random):
        yield


@contextmanager
def tasks_time_out_in_virtual_time(clock: Clock) -> Iterator[None]:
    """Moto measures TimeoutSeconds of a task in real time; here a function that sleeps past it is given up then."""

    def eval_service_task(task: Any, env: Any, **arguments: Any) -> None:
        task.timeout.eval(env=env)
        with clock.limit(env.stack.pop()):
            original(task, env=env, **arguments)

    with swapped(StateTaskServiceLambda, "_eval_service_task", eval_service_task) as original:
        yield


@contextmanager
def executions_time_out_in_virtual_time(clock: Clock, expire: Callable[[Any], None]) -> Iterator[None]:
    """
    Moto measures TimeoutSeconds of a state machine in real time.

    Args:
        clock: Whose time counts.
        expire: Told the environment of an execution whose time is up.
    """

    def evaluate(program: Any, env: Any) -> None:
        if program.timeout_seconds is None:
            original(program, env)
            return
        allowed = timedelta(seconds=program.timeout_seconds.timeout_seconds)
        appointment = clock.after(allowed, lambda: expire(env))
        try:
            original(program, env)
        finally:
            appointment.cancel()

    with swapped(Program, "eval", evaluate) as original:
        yield
