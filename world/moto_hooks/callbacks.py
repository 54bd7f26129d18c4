"""Hooks about Tasks that call a service themselves and wait for a token."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackConsumerTimeout, CallbackEndpoint

from world.clock import Clock, Process
from world.moto_hooks.swap import swapped


@contextmanager
def a_wait_for_a_token_takes_virtual_time(clock: Clock) -> Iterator[None]:
    """
    Moto waits for a token in real time, and takes one whose wait is over as if it were not.

    Who gives a token back goes on first; the execution wakes in its turn at the same instant.
    """
    sleeping: dict[str, Process] = {}

    def wait(endpoint: Any, timeout: float | None = None) -> Any:
        process = clock.process
        if endpoint.get_outcome() is None and process is not None:
            sleeping[endpoint.callback_id] = process
            try:
                clock.sleep(timeout or 0, interruptible=True)
            finally:
                del sleeping[endpoint.callback_id]
        if endpoint.get_outcome() is None:
            endpoint.report(CallbackConsumerTimeout())
        return endpoint.get_outcome()

    def notify(endpoint: Any, outcome: Any) -> None:
        original(endpoint, outcome)
        clock.at(clock.now, lambda: wake(endpoint.callback_id))

    def wake(token: str) -> None:
        if token in sleeping:
            sleeping[token].interrupt()

    with ExitStack() as stack:
        stack.enter_context(swapped(CallbackEndpoint, "wait", wait))
        original = stack.enter_context(swapped(CallbackEndpoint, "notify", notify))
        yield


@contextmanager
def one_client_serves_all_calls() -> Iterator[None]:
    """Moto makes a new client for every call of a service, which takes longer than the call."""
    clients: dict[tuple[str, str], Any] = {}

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        if (region, service) not in clients:
            clients[region, service] = original(region, service, state_credentials)
        return clients[region, service]

    with swapped(aws_sdk, "boto_client_for", client_for) as original:
        yield
