"""The embedded cloud: moto in this process, with a state machine that runs and functions that are called.

Everything in it happens in virtual time and in one order. Nothing in it reaches the network: boto3 clients made by
anybody in this process talk to it while it is open, and profiles and endpoints of the machine are out of sight.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace, TracebackType
from typing import Any, Final, Self

import boto3
from botocore import endpoint
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from world.clock import Clock
from world.deployment import Deployment, deploy
from world.events import Events
from world.functions import Functions, Load, LogLine, Observer
from world.moto_hooks.answers import names_of_members_are_found_once, operations_are_listed_once
from world.moto_hooks.swap import swapped
from world.permissions import BEFORE, Permissions
from world.schedules import Schedules
from world.step_functions import Execution, History, Listener, StepFunctions
from world.template import TOPIC, Template

LONGEST_RUN: Final = timedelta(days=15)
"""After this an execution is taken to be stuck; longer than the time-out of the product's machine."""

_SURROUNDINGS: Final[Mapping[str, str | None]] = {
    "AWS_ACCESS_KEY_ID": "embedded",
    "AWS_SECRET_ACCESS_KEY": "embedded",
    "AWS_SESSION_TOKEN": "embedded",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_PROFILE": None,
    "AWS_DEFAULT_PROFILE": None,
    "AWS_ENDPOINT_URL": None,
    "AWS_CA_BUNDLE": None,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # hundreds of machine images that nobody here asks for cost a second
}


@dataclass(frozen=True)
class Message:
    """What was published to the topic for notices."""

    subject: str | None
    text: str


_MOTO: Final[Any] = {
    "core": {"mock_credentials": False},  # ours are those that the clusters know
    "stepfunctions": {"execute_state_machine": True},
}


class StuckError(RuntimeError):
    """An execution did not end."""


class Cloud:
    """
    One account in one Region. Use it as a context manager, inside the clock.

    Args:
        clock: Its time.
        region: Of the state machine, the table and the topic.
        seed: What retries' jitter, request ids and generated names come from.

    Attributes:
        clock: As given.
        functions: Where faults get in: see `Functions.before` and `Functions.after`.
        events: Its rules; `Events.lost` loses what executions tell.
        schedules: Its schedules; `Schedules.copies` delivers a start more than once.
        deployment: What `deploy` made.
        permissions: What functions may do; `Permissions.denied` has what they were refused.
    """

    def __init__(self, clock: Clock, *, region: str = "eu-west-1", seed: int = 0) -> None:
        random = Random(seed)
        self.clock = clock
        self.functions = Functions(clock, random)
        self.events = Events(clock, self.functions, account=DEFAULT_ACCOUNT_ID, region=region)
        self.deployment: Deployment
        self._region = region
        self._step_functions = StepFunctions(clock, self.functions, random, account=DEFAULT_ACCOUNT_ID, region=region)
        self.permissions = Permissions(DEFAULT_ACCOUNT_ID, lambda: self.functions.running)
        self.on_end(self.events.ended)
        self.events.start = self._step_functions.start
        self.schedules = Schedules(clock, self._step_functions.start)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(_surroundings(self._region))
            stack.enter_context(_clients_try_again_at_once())
            stack.enter_context(mock_aws(config=_MOTO))
            stack.enter_context(names_of_members_are_found_once())
            stack.enter_context(operations_are_listed_once())
            stack.enter_context(_asked_before_each_call(self.permissions.check))
            stack.enter_context(self._step_functions.installed())
            stack.enter_context(self.events.installed())
            stack.enter_context(self.schedules.installed())
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def logs(self) -> list[LogLine]:
        """Every line that a function wrote, oldest first."""
        return self.functions.logs

    @property
    def messages(self) -> list[Message]:
        """Every notice that was published, oldest first."""
        topic: Any = sns_backends[DEFAULT_ACCOUNT_ID][self._region].get_topic(self.deployment.topic_arn)
        return [Message(subject, text) for _id, text, subject, *_more in topic.sent_notifications]

    def deploy(
        self,
        template: Mapping[str, Any],
        load: Load,
        *,
        environment: Mapping[str, str] | None = None,
        stack: str = "Crossfade",
    ) -> Deployment:
        """
        Deploy a synthesised template.

        Args:
            template: Its JSON, parsed.
            load: Finds a handler by its path (`lambdas.shift_traffic.handler`).
            environment: Variables that every function gets beside those of the template.
            stack: The name of the stack.

        Raises:
            TemplateError: The template uses something that is not known here.
        """
        read = Template(template, stack=stack, account=DEFAULT_ACCOUNT_ID, region=self._region)
        self.deployment = deploy(read, environment or {})
        for function in self.deployment.functions.values():
            self.functions.deploy(function, load)
        self.permissions.policies |= self.deployment.policies
        self.events.add(self.deployment.rules)
        self.schedules.add(self.deployment.schedules)
        return self.deployment

    def add_stack(self, name: str, outputs: Mapping[str, str]) -> None:
        """Let CloudFormation tell of a stack that has *outputs*, for whoever looks there for what is deployed."""
        body = {
            "Resources": {"Deployed": {"Type": TOPIC}},
            "Outputs": {key: {"Value": value} for key, value in outputs.items()},
        }
        boto3.client("cloudformation", region_name=self._region).create_stack(
            StackName=name, TemplateBody=json.dumps(body)
        )

    def start(self, name: str | None = None, execution_input: Any = None) -> str:
        """Ask for an execution, with {} if there is no input. It runs when time passes; the value is its ARN."""
        given = {} if execution_input is None else execution_input
        return self._step_functions.start(self.deployment.machine_arn, name, given)

    def run(self, name: str | None = None, execution_input: Any = None) -> Execution:
        """
        Start the deployed state machine and let time pass until that execution has ended.

        Raises:
            StuckError: It did not end within 15 days.
        """
        return self.wait(self.start(name, execution_input))

    def wait(self, arn: str) -> Execution:
        """Let time pass until the execution *arn* has ended. See `run`."""
        runs = self._step_functions.running(arn)
        if runs():
            self.clock.run_until(self.clock.now + LONGEST_RUN, stop=lambda: not runs())
        execution = self.describe(arn)
        if execution.is_running:
            msg = f"{execution.name} still runs after {LONGEST_RUN.days} days, in {self.history(arn).states[-1]}"
            raise StuckError(msg)
        return execution

    def stop(self, arn: str, error: str | None = None, cause: str | None = None) -> datetime:
        """Stop an execution at this instant; the value is when it stopped."""
        return self._step_functions.stop(arn, error, cause)

    def describe(self, arn: str) -> Execution:
        """What is known of an execution."""
        return self._step_functions.describe(arn)

    def history(self, arn: str) -> History:
        """What an execution has done so far."""
        return self._step_functions.history(arn)

    def on_invoke(self, observer: Observer) -> None:
        """Tell *observer* of every invocation when it has ended: role, payload, and the result or the exception."""
        self.functions.observers.append(observer)

    def on_end(self, listener: Listener) -> None:
        """Tell *listener* of every execution when it has ended."""
        self._step_functions.listeners.append(listener)


@contextmanager
def _surroundings(region: str) -> Iterator[None]:
    """The environment variables that boto3 reads, for the cloud's lifetime."""
    wanted = {**_SURROUNDINGS, "AWS_DEFAULT_REGION": region, "AWS_REGION": region}
    before = {name: os.environ.get(name) for name in wanted}
    _set_variables(wanted)
    try:
        yield
    finally:
        _set_variables(before)


@contextmanager
def _asked_before_each_call(check: Callable[..., None]) -> Iterator[None]:
    """Every client that is made inside of the default session asks *check* before each call."""
    if boto3.DEFAULT_SESSION is None:
        boto3.setup_default_session()
    events = boto3.DEFAULT_SESSION.events  # type: ignore[union-attr]  # set up above
    events.register(BEFORE, check)
    try:
        yield
    finally:
        events.unregister(BEFORE, check)


@contextmanager
def _clients_try_again_at_once() -> Iterator[None]:
    """boto3's own retries wait in real time; here that wait takes no time at all."""
    with swapped(endpoint, "time", SimpleNamespace(sleep=lambda _seconds: None)):
        yield


def _set_variables(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
