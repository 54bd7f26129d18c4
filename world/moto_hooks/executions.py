"""Hooks about the life of an execution: how it starts, runs, is stopped and ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state.exec import execute_state
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from world.moto_hooks.swap import swapped


class _SameThread:
    """What moto takes for a thread: it has run when `start` returns."""

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...] = (), *, daemon: bool = True) -> None:
        del daemon
        self._target = target
        self._args = args

    def start(self) -> None:
        self._target(*self._args)

    def join(self, timeout: float | None = None) -> None:
        """It has ended already."""

    def is_alive(self) -> bool:
        return False


class _Forgetful(list[Any]):
    """A list that keeps nothing."""

    def append(self, _item: Any) -> None:
        """Forget it."""


@contextmanager
def an_execution_has_one_thread(run: Callable[[Any, Callable[[], None]], None]) -> Iterator[None]:
    """
    Moto starts a thread for an execution, one for its program and one for each task, and keeps them all for ever.

    Args:
        run: Told moto's execution and what to run for it.
    """

    def start(worker: Any) -> None:
        run(worker._execution_communication.execution, worker._execution_logic)  # noqa: SLF001

    with ExitStack() as stack:
        stack.enter_context(swapped(ExecutionWorker, "start", start))
        stack.enter_context(swapped(program, "threading", SimpleNamespace(Thread=_SameThread)))
        stack.enter_context(swapped(program, "TMP_THREADS", _Forgetful()))
        stack.enter_context(swapped(execute_state, "Thread", _SameThread))
        stack.enter_context(swapped(execute_state, "TMP_THREADS", _Forgetful()))
        yield


@contextmanager
def an_execution_without_a_name_gets_one(new_name: Callable[[], str]) -> Iterator[None]:
    """Moto calls every execution without a name "None", so the second one is refused."""

    def start_execution(backend: Any, state_machine_arn: str, name: str | None = None, *rest: Any) -> Any:
        return original(backend, state_machine_arn, name or new_name(), *rest)

    with swapped(StepFunctionsParserBackend, "start_execution", start_execution) as original:
        yield


@contextmanager
def an_end_is_told_once(ended: Callable[[Any], None]) -> Iterator[None]:
    """
    Moto tells nobody that an execution ended, and dates a stop when its last function returns.

    Args:
        ended: Told moto's execution when its program has run to its end, with the status and output in place.
    """

    def reflect_execution_status(communication: Any) -> None:
        execution = communication.execution
        if execution.stop_date is None:  # otherwise stopped or timed out before, while a function was running
            original(communication)
            ended(execution)

    with swapped(BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect_execution_status) as original:
        yield


@contextmanager
def a_stop_keeps_its_error_and_cause(stop: Callable[[str, str | None, str | None], datetime]) -> Iterator[None]:
    """
    Moto's StopExecution drops error and cause, and returns before the execution has stopped.

    Args:
        stop: Stops an execution by its ARN, with an error and a cause; the value is when it stopped.
    """

    def stop_execution(response: Any) -> ActionResult:
        arn, error, cause = (response._get_param(name) for name in ("executionArn", "error", "cause"))  # noqa: SLF001
        return ActionResult({"stopDate": stop(arn, error, cause)})

    with swapped(StepFunctionResponse, "stop_execution", stop_execution):
        yield


@contextmanager
def a_stop_wins_over_the_error_it_provokes() -> Iterator[None]:
    """Moto lets the error of a task that was under way turn a stopped execution into a failed one."""

    def set_error(env: Any, error: Any) -> None:
        if not isinstance(env._program_state, ProgramStopped | ProgramTimedOut):  # noqa: SLF001
            original(env, error)

    with swapped(Environment, "set_error", set_error) as original:
        yield
