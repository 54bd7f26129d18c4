"""A small interpreter of state machine definitions, limited to what the synthesised one uses.

One execution is a generator: it yields how long it waits and is resumed when that time has passed, so a scheduler
with one virtual clock can interleave any number of executions, and stop one at any wait or between any two states.
What it cannot read it refuses. A test walks the same definition on moto's interpreter and compares the paths.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, Final

from simulation.expressions import NOW, QueryError, evaluate

Json = dict[str, Any]
Invoke = Callable[[str, Json], Any]
"""Calls the function with that ARN, or another service by the resource that the state names (`…:sns:publish`); raises a
TaskFailedError for everything that can go wrong."""

EVENTS_MAX: Final = 25_000
"""Step Functions ends an execution that reaches it. https://docs.aws.amazon.com/step-functions/latest/dg/limits.html"""

_UNCATCHABLE: Final = frozenset({"States.Runtime", "States.DataLimitExceeded"})
_TASK_EVENTS: Final = 5  # entered, scheduled, started, succeeded or failed, exited
_RETRY_EVENTS: Final = 3
_TOKEN_EVENTS: Final = 1  # submitted
_ASLEEP: Final = ".waitForTaskToken"
_STATE_EVENTS: Final = 2  # entered, exited


class TaskFailedError(Exception):
    """
    A task failed.

    Args:
        error: Its error name, such as `RouterThrottledError` or `Lambda.TooManyRequestsException`.
        cause: Text or the JSON that Lambda writes.
        seconds: How long the task took before it failed.
    """

    def __init__(self, error: str, cause: str = "", *, seconds: float = 0) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause
        self.seconds = seconds


class DefinitionError(ValueError):
    """The definition uses something that this interpreter does not know."""


@dataclass
class Execution:
    """
    One execution, as the console would show it.

    Attributes:
        arn: Its ARN; the last part is its name.
        status: RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        path: The states entered, oldest first.
        events: In its history.
        transitions: Between states.
        error: Of a failed one.
        cause: Of a failed one.
        token: Of the sleep that it is in; empty when it is in none that can be ended.
        output: Of a successful one.
    """

    definition: Json
    arn: str
    input: Any
    started: datetime
    status: str = "RUNNING"
    path: list[str] = field(default_factory=list)
    events: int = 1
    transitions: int = 0
    error: str = ""
    cause: str = ""
    token: str = ""
    output: Any = None

    @property
    def name(self) -> str:
        """The name of the execution."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.status == "RUNNING"

    def end(self, status: str, error: str = "", cause: str = "") -> None:
        """End it; a second end changes nothing."""
        if self.is_running:
            self.status, self.error, self.cause = status, error, cause


class Walker:
    """
    Walks one execution.

    Args:
        execution: Fresh.
        invoke: Calls functions.
        now: The virtual time.
        random: For the jitter of retries.
    """

    def __init__(self, execution: Execution, invoke: Invoke, now: Callable[[], datetime], random: Random) -> None:
        self._execution = execution
        self._invoke = invoke
        self._now = now
        self._random = random
        self._variables: Json = {}
        self._walks: Mapping[str, Callable[[Json, Any], Iterator[float]]] = {
            "Task": self._task, "Choice": self._choice, "Wait": self._wait,
            "Pass": self._pass, "Fail": self._fail, "Succeed": self._succeed,
        }  # fmt: skip
        self._entered = stamp(now())
        self._started = stamp(execution.started)
        self._next = ""
        self._output: Any = None

    def walk(self) -> Iterator[float]:
        """Run to the end; yields seconds to wait, and 0 between two states so that others may act there."""
        execution = self._execution
        self._next, self._output = execution.definition["StartAt"], execution.input
        while execution.is_running:
            state = self._enter(self._next)
            try:
                yield from self._walks[state["Type"]](state, self._output)
            except QueryError as error:
                execution.end("FAILED", "States.QueryEvaluationError", str(error))
            if execution.events >= EVENTS_MAX:
                execution.end("FAILED", "States.Runtime", f"the history has {EVENTS_MAX} events")
            yield 0

    def _enter(self, name: str) -> Json:
        if name not in self._execution.definition["States"]:
            msg = f"there is no state {name!r}"
            raise DefinitionError(msg)
        state: Json = self._execution.definition["States"][name]
        if state["Type"] not in self._walks:
            msg = f"{name}: states of type {state['Type']} are not known here"
            raise DefinitionError(msg)
        self._execution.path.append(name)
        self._execution.transitions += 1
        self._execution.events += _TASK_EVENTS if state["Type"] == "Task" else _STATE_EVENTS
        self._entered = stamp(self._now())
        return state

    # --- States ------------------------------------------------------------------------------------------------------

    def _task(self, state: Json, given: Any) -> Iterator[float]:
        if state["Resource"].endswith(_ASLEEP):
            yield from self._sleep(state, given)
            return
        tries: dict[int, int] = {}
        while self._execution.is_running:
            try:
                self._do(state, given)
            except TaskFailedError as failure:
                if failure.seconds:
                    yield failure.seconds
                delay = self._retry(state, failure, tries)
                if delay is None:
                    self._catch(state, given, failure)
                    return
                self._execution.events += _RETRY_EVENTS
                yield delay
                continue
            return

    def _sleep(self, state: Json, given: Any) -> Iterator[float]:
        """Leave a token, and wait until somebody takes it off the execution or the time is over. It has no Retry."""
        scope, token = self._scope(given), f"{self._execution.name}/{len(self._execution.path)}"
        scope["states"]["context"]["Task"] = {"Token": token}
        try:
            self._invoke(state["Resource"], evaluate(state["Arguments"], scope))
        except TaskFailedError as failure:
            if failure.seconds:
                yield failure.seconds
            self._catch(state, given, failure)
            return
        self._execution.events += _TOKEN_EVENTS
        self._execution.token = token
        yield float(evaluate(state["TimeoutSeconds"], scope))
        is_over, self._execution.token = self._execution.token == token, ""
        if is_over:
            self._catch(state, given, TaskFailedError("States.Timeout"))
        else:
            self._leave(state, self._scope(given, result={}), {})

    def _do(self, state: Json, given: Any) -> None:
        """Call and leave; an expression that cannot be evaluated is an error of the task like any other."""
        try:
            result = self._call(state, given)
            self._leave(state, self._scope(given, result=result), result)
        except QueryError as error:
            raise TaskFailedError("States.QueryEvaluationError", str(error)) from error

    def _call(self, state: Json, given: Any) -> Any:
        arguments = evaluate(state["Arguments"], self._scope(given))
        if not state["Resource"].endswith(":lambda:invoke"):
            return self._invoke(state["Resource"], arguments)
        payload = json.loads(json.dumps(arguments["Payload"]))
        return {"Payload": json.loads(json.dumps(self._invoke(arguments["FunctionName"], payload))), "StatusCode": 200}

    def _retry(self, state: Json, failure: TaskFailedError, tries: dict[int, int]) -> float | None:
        for index, retrier in enumerate(state.get("Retry", ())):
            if not _matches(retrier["ErrorEquals"], failure.error):
                continue
            done = tries.get(index, 0)
            if done >= retrier.get("MaxAttempts", 3):
                return None
            tries[index] = done + 1
            delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** done
            delay = min(delay, retrier.get("MaxDelaySeconds", delay))
            return self._random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else float(delay)
        return None

    def _catch(self, state: Json, given: Any, failure: TaskFailedError) -> None:
        caught = {"Error": failure.error, "Cause": failure.cause}
        for catcher in state.get("Catch", ()):
            if failure.error not in _UNCATCHABLE and _matches(catcher["ErrorEquals"], failure.error):
                self._leave(catcher, self._scope(given, error=caught), caught)
                return
        self._execution.end("FAILED", failure.error, failure.cause)

    def _choice(self, state: Json, given: Any) -> Iterator[float]:
        scope = self._scope(given)
        for rule in state["Choices"]:
            if evaluate(rule["Condition"], scope) is True:
                self._leave(state, scope, given, also=rule)
                return
        if "Default" not in state:
            self._execution.end("FAILED", "States.NoChoiceMatched", "no rule matched")
            return
        self._leave(state, scope, given, also={"Next": state["Default"]})
        yield from ()

    def _wait(self, state: Json, given: Any) -> Iterator[float]:
        scope = self._scope(given)
        yield float(evaluate(state["Seconds"], scope))
        self._leave(state, scope, given)

    def _pass(self, state: Json, given: Any) -> Iterator[float]:
        self._leave(state, self._scope(given), given)
        yield from ()

    def _fail(self, state: Json, given: Any) -> Iterator[float]:
        scope = self._scope(given)
        self._execution.end("FAILED", evaluate(state["Error"], scope), evaluate(state.get("Cause", ""), scope))
        yield from ()

    def _succeed(self, state: Json, given: Any) -> Iterator[float]:
        self._execution.output = evaluate(state["Output"], self._scope(given)) if "Output" in state else given
        self._execution.end("SUCCEEDED")
        yield from ()

    # --- Scope -------------------------------------------------------------------------------------------------------

    def _leave(self, state: Json, scope: Json, default: Any, also: Json | None = None) -> None:
        """Assign, choose the output and the next state. All expressions see the variables from before."""
        parts = [state, also] if also is not None else [state]
        assigned = [evaluate(part["Assign"], scope) for part in parts if "Assign" in part]
        outputs = [evaluate(part["Output"], scope) for part in parts if "Output" in part]
        for values in assigned:
            self._variables.update(values)
        self._output = outputs[-1] if outputs else default
        self._next = next(part["Next"] for part in reversed(parts) if "Next" in part)

    def _scope(self, given: Any, *, result: Any = None, error: Json | None = None) -> Json:
        execution = self._execution
        states: Json = {
            "input": given,
            "context": {
                "Execution": {
                    "Id": execution.arn, "Name": execution.name, "Input": execution.input,
                    "StartTime": self._started,
                },
                "State": {"EnteredTime": self._entered},
            },
        }  # fmt: skip
        if result is not None:
            states["result"] = result
        if error is not None:
            states["errorOutput"] = error
        return {**self._variables, "states": states, NOW: stamp(self._now())}


def _matches(names: list[str], error: str) -> bool:
    if error in names or "States.ALL" in names:
        return True
    return "States.TaskFailed" in names and error != "States.Timeout"


def stamp(at: datetime) -> str:
    """*at* as AWS writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
