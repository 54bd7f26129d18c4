"""Step Functions and Lambda between the synthesised definition and the doors: starts, walks, sleeps, wakes, ends.

Every call of a function, and of a service that the machine calls itself, is a seam at which faults strike.
This file knows what an execution is, not what the functions do or whether that is right.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from crossfade.core.notice import Notice
from crossfade.errors import CrossfadeError, LedgerUnavailableError
from crossfade.names import BELL_KEY, RANG_ERRORS
from simulation.estate import Estate
from simulation.faults import CrashError, LateError
from simulation.ledger import SimulatedLedger
from simulation.machine import Execution, TaskFailedError, Walker
from simulation.people import People
from simulation.scenario import MIGRATION
from world.clock import Appointment

MACHINE: Final = "arn:aws:states:eu-west-1:123456789012:stateMachine:Crossfade"
FUNCTION_SECONDS: Final = 75.0
"""After this the machine gives up a function that does not answer."""

Doors = Mapping[str, Callable[[dict[str, Any], object], dict[str, Any]]]
"""The real handlers, by role."""


class ThrottledError(Exception):
    """Lambda does not take the call."""


class Executions:
    """
    All executions of the one machine; for the product, `ports.Executions`.

    Args:
        definition: The synthesised one, with function ARNs ending in the role (`…:shift_traffic`).
        doors: What is called by role.
        estate: Whose clock, chance and seams it shares.
        ledger: Where the machine leaves the tokens of its sleeps.
        people: Whom the machine tells itself.

    Attributes:
        skew: By how much the machine's clock is ahead of all others.
        ended: Told of every execution that has ended.
    """

    def __init__(
        self, definition: dict[str, Any], doors: Doors, estate: Estate, ledger: SimulatedLedger, people: People
    ) -> None:
        self._definition = definition
        self._doors = doors
        self._estate = estate
        self._ledger = ledger
        self._people = people
        self._all: dict[str, Execution] = {}
        self._asleep: dict[str, tuple[Appointment, Iterator[float]]] = {}
        self.skew = timedelta(0)
        self.ended: Callable[[Execution], None] = lambda _execution: None

    def __getitem__(self, name: str) -> Execution:
        """The execution called *name*, which was started."""
        return self._all[name]

    @property
    def are_over(self) -> bool:
        """Whether there was one, and none runs any more."""
        return bool(self._all) and not any(execution.is_running for execution in self._all.values())

    def start(self, name: str, plan: str) -> None:
        """Start one with *plan*."""
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:{name}"
        execution = Execution(self._definition, arn, {"plan": plan}, self._now())
        self._all[name] = execution
        walk = Walker(execution, self._invoke, self._now, self._estate.random).walk()
        self._advance(execution, walk)

    def _now(self) -> datetime:
        """By the machine's clock."""
        return self._estate.clock.now + self.skew

    def _advance(self, execution: Execution, walk: Iterator[float]) -> None:
        while execution.is_running:
            delay = next(walk, None)
            self._estate.watch()
            if delay:
                due = self._estate.clock.after(timedelta(seconds=delay), lambda: self._advance(execution, walk))
                self._asleep[execution.name] = due, walk
                return
        self.ended(execution)

    def stop(self, name: str) -> None:
        """Stop the execution called *name*, if it still runs, as a person does in the console."""
        execution = self._all[name]
        if execution.is_running:
            execution.end("ABORTED")
            self.ended(execution)

    def status(self, execution: str) -> str:
        """See `ports.Executions.status`."""
        known = self._all.get(execution.rsplit(":", 1)[-1])
        return self._estate.seams.call(
            "step functions: describe", lambda: known.status if known else "DELETED", LedgerUnavailableError
        )

    def _invoke(self, arn: str, payload: dict[str, Any]) -> Any:
        role = arn.rsplit(":", 1)[-1]
        if arn.endswith(":dynamodb:updateItem.waitForTaskToken"):
            return self._leave_token(payload)
        if arn.endswith(":sns:publish"):
            return self._call("sns: publish", lambda: self._publish(payload))
        return self._call(f"lambda: {role}", lambda: self._doors[role](payload, None))

    def _leave_token(self, item: Mapping[str, Any]) -> None:
        """The machine itself writes to the ledger, on the condition that nobody has rung."""
        migration = item["Key"]["pk"]["S"].removeprefix(BELL_KEY)
        token = item["ExpressionAttributeValues"][":token"]["S"]
        if not self._call("machine: leave token", lambda: self._ledger.fall_asleep(migration, token)):
            raise TaskFailedError(RANG_ERRORS[0], "The conditional request failed")

    def wake(self, token: str) -> bool:
        """See `ports.Executions.wake`."""
        return self._estate.seams.call("step functions: wake", lambda: self._wake(token), LedgerUnavailableError)

    def _wake(self, token: str) -> bool:
        execution = next((each for each in self._all.values() if each.token == token), None)
        if execution is None or not execution.is_running:
            return False
        execution.token = ""
        due, walk = self._asleep[execution.name]
        due.cancel()
        self._estate.clock.at(self._estate.clock.now, lambda: self._advance(execution, walk))
        return True

    def _publish(self, message: Mapping[str, str]) -> dict[str, str]:
        """The machine itself tells people; that counts as a page."""
        if not self._people.tell(Notice(MIGRATION, message["Subject"], message["Message"], page=True)):
            raise TaskFailedError("SNS.InternalErrorException", "SNS does not answer")
        return {"MessageId": "1"}

    def _call(self, name: str, action: Callable[[], Any]) -> Any:
        try:
            return self._estate.seams.call(name, action, ThrottledError, late=True)
        except TaskFailedError:
            raise
        except CrashError:
            raise TaskFailedError("Runtime.ExitError", "Runtime exited") from None
        except LateError:
            raise TaskFailedError("States.Timeout", seconds=FUNCTION_SECONDS) from None
        except ThrottledError as error:
            raise TaskFailedError("Lambda.TooManyRequestsException", str(error)) from None
        except CrossfadeError as error:
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": []})
            raise TaskFailedError(type(error).__name__, cause) from error
        except Exception as error:  # what the runtime makes of it: a bug of the product is an error name like any other
            raise TaskFailedError(type(error).__name__, str(error)) from error
