"""Step Functions: starts, stops and describes executions of moto's interpreter, in virtual time.

An execution is a process of the clock. It has ended when its status says so; listeners are told once, at that instant.
A function that was under way when its execution was stopped goes on, as on AWS, and nobody hears of its answer.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from world import moto_hooks
from world.clock import Clock, Process
from world.functions import Functions

RUNNING: Final = "RUNNING"


@dataclass(frozen=True)
class Execution:
    """
    What DescribeExecution says.

    Attributes:
        status: RUNNING, SUCCEEDED, FAILED, ABORTED or TIMED_OUT.
        stopped: None while it runs.
        output: Parsed; None unless it succeeded.
    """

    arn: str
    name: str
    status: str
    started: datetime
    stopped: datetime | None
    input: Any
    output: Any
    error: str | None
    cause: str | None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status == RUNNING

    @property
    def seconds(self) -> float:
        """
        How long it took.

        Raises:
            ValueError: It still runs.
        """
        if self.stopped is None:
            msg = f"{self.name} still runs"
            raise ValueError(msg)
        return (self.stopped - self.started).total_seconds()


@dataclass(frozen=True)
class Visit:
    """One state that an execution entered, and when."""

    state: str
    at: datetime


@dataclass(frozen=True)
class History:
    """
    What GetExecutionHistory says.

    Attributes:
        events: moto's events, in order. AWS allows 25,000.
        visits: The states in the order in which they were entered.
        transitions: What AWS bills: one for each state entered and one for each retry.
    """

    events: tuple[dict[str, Any], ...]
    visits: tuple[Visit, ...]
    transitions: int

    @property
    def states(self) -> list[str]:
        """The names of the states, in the order in which they were entered."""
        return [visit.state for visit in self.visits]


Listener = Callable[[Execution], None]


class StepFunctions:
    """
    The state machine service of one account and Region.

    Args:
        clock: Whose time its executions take.
        functions: What their tasks invoke.
        random: Where jitter and names come from.

    Attributes:
        listeners: Told of each execution that ended. They cannot wait; they may ask the clock for later.
    """

    def __init__(self, clock: Clock, functions: Functions, random: Random, *, account: str, region: str) -> None:
        self.listeners: list[Listener] = []
        self._clock = clock
        self._functions = functions
        self._random = random
        self._account = account
        self._region = region
        self._processes: dict[str, Process] = {}

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Inside, moto's interpreter runs for this service; afterwards it is as it was and nothing of ours runs."""
        clock = self._clock
        with ExitStack() as stack:
            for hook in (
                moto_hooks.the_interpreter_is_silent(),
                moto_hooks.expressions_are_evaluated(),
                moto_hooks.the_wildcard_catches_what_it_does_on_aws(),
                moto_hooks.a_wait_is_a_whole_number_of_seconds(),
                moto_hooks.context_times_look_like_those_of_aws(),
                moto_hooks.definitions_are_parsed_once(),
                moto_hooks.waits_take_virtual_time(clock),
                moto_hooks.a_wait_for_a_token_takes_virtual_time(clock),
                moto_hooks.one_client_serves_all_calls(),
                moto_hooks.retries_back_off_in_virtual_time(clock),
                moto_hooks.jitter_comes_from_the_seed(self._random),
                moto_hooks.tasks_time_out_in_virtual_time(clock),
                moto_hooks.executions_time_out_in_virtual_time(clock, self._expire),
                moto_hooks.functions_run_in_process(self._functions.invoke),
                moto_hooks.an_execution_has_one_thread(self._run),
                moto_hooks.an_execution_without_a_name_gets_one(self._new_name),
                moto_hooks.an_end_is_told_once(self._tell),
                moto_hooks.a_stop_keeps_its_error_and_cause(self.stop),
                moto_hooks.a_stop_wins_over_the_error_it_provokes(),
            ):
                stack.enter_context(hook)
            stack.callback(self._kill_all)
            yield

    def start(self, machine_arn: str, name: str | None, execution_input: Any) -> str:
        """
        Ask for an execution; it begins in its turn at this instant. The value is its ARN.

        Raises:
            ExecutionAlreadyExists: The name was used, unless it runs with the same input: then it is that one.
        """
        execution = self._backend.start_execution(machine_arn, name, json.dumps(execution_input))
        return str(execution.execution_arn)

    def stop(self, arn: str, error: str | None = None, cause: str | None = None) -> datetime:
        """
        Stop an execution at this instant, wherever it is; one that has ended stays as it is.

        Returns:
            When it stopped.
        """
        execution = self._backend.describe_execution(arn)
        if execution.status == RUNNING:
            execution.error, execution.cause = error, cause
            self._end(execution, ExecutionStatus.ABORTED)
        stopped: datetime = execution.stop_date
        return stopped

    def running(self, arn: str) -> Callable[[], bool]:
        """What says whether an execution still runs, to be asked after every event: it does not look it up again."""
        execution = self._backend.describe_execution(arn)
        return lambda: bool(execution.status == RUNNING)

    def describe(self, arn: str) -> Execution:
        """What is known of an execution."""
        return _described(self._backend.describe_execution(arn))

    def history(self, arn: str) -> History:
        """What an execution has done so far."""
        events = tuple(self._backend.get_execution_history(arn)["events"])
        entered = [event for event in events if "stateEnteredEventDetails" in event]
        tasks = sum(event["type"] == "TaskStateEntered" for event in events)
        attempts = sum(event["type"] == "TaskScheduled" for event in events)
        visits = tuple(
            Visit(event["stateEnteredEventDetails"]["name"], datetime.fromisoformat(event["timestamp"]))
            for event in entered
        )
        return History(events, visits, len(entered) + max(0, attempts - tasks))

    @property
    def _backend(self) -> Any:
        return stepfunctions_parser_backends[self._account][self._region]

    def _run(self, execution: Any, logic: Callable[[], None]) -> None:
        self._processes[execution.execution_arn] = self._clock.spawn(logic)

    def _expire(self, env: Any) -> None:
        """Its time is up; *env* is the environment of moto's interpreter."""
        arn = env.states.context_object.context_object_data["Execution"]["Id"]
        self._end(self._backend.describe_execution(arn), ExecutionStatus.TIMED_OUT)

    def _end(self, execution: Any, status: ExecutionStatus) -> None:
        """End *execution* from outside: at once where it sleeps, otherwise when its function returns."""
        env, process = execution.exec_worker.env, self._processes[execution.execution_arn]
        if env is None:
            process.kill()
        elif status is ExecutionStatus.ABORTED:
            env.set_stop(stop_date=self._clock.now, error=execution.error, cause=execution.cause)
        else:
            env.set_timed_out()
        process.interrupt()
        if execution.stop_date is None:
            execution.exec_status, execution.stop_date = status, self._clock.now
            self._tell(execution)

    def _tell(self, execution: Any) -> None:
        for listener in self.listeners:
            listener(_described(execution))

    def _kill_all(self) -> None:
        for process in self._processes.values():
            if process.alive:
                process.kill()

    def _new_name(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _described(execution: Any) -> Execution:
    return Execution(
        arn=execution.execution_arn,
        name=execution.name,
        status=str(execution.status),
        started=execution.start_date,
        stopped=execution.stop_date,
        input=execution.input_data,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
    )
