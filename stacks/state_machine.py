"""The state machine: the graph that people see in the console, and the resource that runs it.

Reading order is the happy path, straight down; everything that goes wrong leads into one failure column that starts
at `Roll back`. Expressions only pass values on; whatever is decided is decided in the functions.
Rule 1: a Task retries what is temporary, by name. One that may be done twice and has no better way out (Complete,
Roll back, Confirm rollback) also retries the crash of its function.
Rule 2: a Task before the failure column catches everything else and rolls back.
Rule 3: an end that nobody could confirm is never silent: the machine itself publishes the page, without a function.
Rule 4: a bake sleeps with an ear open. It leaves a token in the ledger, by which an alarm or a person wakes it; its
time-out is the next look that would come anyway. Where no token can be left, it sleeps by the clock.
`definition_check` holds both.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_cdk import Aws, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from crossfade.names import (
    BELL_ITEM,
    BELL_KEY,
    BELL_RANG,
    BELL_TOKEN,
    CRASH_ERRORS,
    LAMBDA_ERRORS,
    PAGE_ERRORS,
    PRODUCT,
    RANG_ERRORS,
    TEMPORARY_ERRORS,
    Function,
    State,
)
from stacks.findings import acknowledge
from stacks.functions import LOG_RETENTION, PROFILES

MACHINE_TIMEOUT: Final = Duration.days(14)
"""Longer than any sensible soak or hold; a run that reaches it is restored by the guardian."""

_GRACE_SECONDS: Final = 15
"""By how much a Task outlives its function's own time-out, so that an answer is never thrown away."""

_PAGE_SECONDS: Final = 20
"""How long SNS may take to accept the page; it takes milliseconds."""

_RETRIES: Final = 6
_PATIENT_RETRIES: Final = 20
"""Of what ends a migration: about five minutes, longer than Route 53 or an API server is usually throttled."""

_CRASH_RETRIES: Final = 3

_COMMON_PAYLOAD: Final = {
    "migration": "{% $states.context.Execution.Name %}",
    "execution": "{% $states.context.Execution.Id %}",
    "now": "{% $now() %}",  # of this try: the state was entered before its retries
}
_LEASED: Final = {"epoch": "{% $epoch %}"}
_STAGED: Final = _LEASED | {"stage": "{% $stage %}"}

_ANSWER: Final = "{% $states.result.Payload %}"
_WAIT: Final = {"wait": "{% $states.result.Payload.wait_seconds %}"}
_REASON: Final = {"reason": "{% $states.result.Payload.reason %}"}

# The cause of a function's error is JSON; that of any other error is text, possibly cut off or absent.
_IS_JSON: Final = (
    "$substring($states.errorOutput.Cause, 0, 1) = '{' and $substring($states.errorOutput.Cause, -1) = '}'"
)
_CAUSE: Final = f"({_IS_JSON} ? $parse($states.errorOutput.Cause).errorMessage : $states.errorOutput.Cause)"
_PAGE: Final = (
    r"$ending.reason & '\n\nExecution: ' & $states.context.Execution.Id"
    r" & '\n\nSomebody has to act now; docs/runbook.md says what to do.\n'"
)
_PARTLY: Final = "Read back: some workloads are on green, the others where they were, as the plan says."
_ERROR: Final = f"$states.errorOutput.Error & ': ' & {_CAUSE}"


class Flow(Construct):
    """
    The states. They have a scope of their own because a state's name is its construct id.

    Attributes:
        first: Where an execution starts.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[Function, lambda_.IVersion],
        topic: sns.ITopic,
        table_name: str,
    ) -> None:
        super().__init__(scope, id_)
        self._functions = functions
        self._table_name = table_name
        self._topic = topic
        self._succeeded = self._success()
        self._partly = self._failure(State.PARTLY_ROLLED_BACK, "PartlyRolledBack", _PARTLY)
        self._roll_back = self._failure_column()
        complete = self._completion()
        more_stages = self._stages(self._soak(complete))
        self.first = self._beginning(more_stages, complete)

    # --- The happy path, from its end to its beginning --------------------------------------------------------------

    def _beginning(self, more_stages: sfn.IChainable, complete: sfn.IChainable) -> sfn.IChainable:
        baseline = self._guarded(
            Function.RECORD_BASELINE,
            State.RECORD_BASELINE,
            "Store the weights of both clusters, to which a rollback returns. Still nothing is changed.",
            payload=_LEASED,
            assign={"stage": 0},
        )
        dry_run = self._choice(State.DRY_RUN, "A dry run ends here: everything was checked, nothing is changed.")
        dry_run.when(
            sfn.Condition.jsonata("{% $run.dry_run %}"), complete, comment="Dry run: give the lease back and end."
        )
        dry_run.otherwise(baseline.next(more_stages))
        return self._resolve_plan().next(self._take_lease()).next(self._preflight()).next(dry_run)

    def _resolve_plan(self) -> tasks.LambdaInvoke:
        return self._guarded(
            Function.RESOLVE_PLAN,
            State.RESOLVE_PLAN,
            "Fix what this migration does, from the deployed configuration and the input. The input {} is valid.",
            payload={
                "input": "{% $states.context.Execution.Input %}",
                "started": "{% $states.context.Execution.StartTime %}",
            },
            assign={"run": _ANSWER},
        )

    def _take_lease(self) -> tasks.LambdaInvoke:
        lease = self._task(
            Function.TAKE_LEASE,
            State.TAKE_LEASE,
            "Make sure that no other migration moves the same hosts.",
            assign={"epoch": "{% $states.result.Payload.epoch %}"},
        )
        duplicate = sfn.Fail.jsonata(
            self,
            State.DUPLICATE.value,
            comment="Another migration moves these hosts already. This one has changed nothing.",
            error="Duplicate",
            cause="{% $reason %}",
        )
        lease.add_catch(duplicate, errors=["LeaseHeldError"], assign={"reason": f"{{% {_ERROR} %}}"})
        return self._or_roll_back(lease)

    def _preflight(self) -> tasks.LambdaInvoke:
        return self._guarded(
            Function.PREFLIGHT,
            State.PREFLIGHT,
            "Check that moving and rolling back would work: clusters, records, alarms, permissions.",
            payload=_LEASED,
        )

    def _stages(self, soak: sfn.IChainable) -> sfn.Choice:
        more_stages = self._choice(
            State.MORE_STAGES,
            "Stages go from the first share on green to 100 %. After the last one the soak begins.",
            assign={"wait": 1},
        )
        more_stages.when(
            sfn.Condition.jsonata("{% $stage < $run.stages %}"),
            self._shift(self._bake(more_stages)),
            comment="Go on with the next stage.",
        )
        return more_stages.otherwise(soak)

    def _shift(self, bake: sfn.IChainable) -> sfn.IChainable:
        shift = self._guarded(
            Function.SHIFT_TRAFFIC,
            State.SHIFT_TRAFFIC,
            "Write the next safe weights of this stage, green up before blue down, and read back what has arrived.",
            payload=_STAGED,
            assign=_WAIT,
        )
        moved = self._choice(State.HAS_TRAFFIC_MOVED, "Has DNS been seen to carry this stage's weights?")
        moved.when(_arrived(), bake, comment="The weights are in DNS: watch this stage.")
        wait = self._wait(State.WAIT_FOR_TRAFFIC, "ExternalDNS and DNS need a while. Nothing is wrong yet.")
        moved.otherwise(wait.next(shift))
        return shift.next(moved)

    def _bake(self, more_stages: sfn.IChainable) -> sfn.CustomState:
        check = self._check(State.CHECK_HEALTH, "Look at the alarms that judge green in this stage.", soaking=False)
        next_stage = sfn.Pass.jsonata(
            self,
            State.NEXT_STAGE.value,
            comment="This stage has passed.",
            assign={"stage": "{% $next %}"},
        )
        bake = self._sleep(
            State.BAKE,
            "Let users use green for a while; an alarm or a person's word ends it at once.",
            by_the_clock=State.BAKE_BY_THE_CLOCK,
            then=check,
        )
        healthy = self._judge(State.HEALTHY, "What do alarms and requests say of this stage?", next_stage, bake)
        self._give_back(State.GIVE_BACK, healthy, bake)
        next_stage.next(more_stages)
        check.next(healthy)
        return bake

    def _soak(self, complete: sfn.IChainable) -> sfn.CustomState:
        check = self._check(
            State.CHECK_SOAK, "Look at the alarms that judge green, now that it has all users.", soaking=True
        )
        soak = self._sleep(
            State.SOAK,
            "All users are on green; blue still stands by. An alarm or a person's word ends it at once.",
            by_the_clock=State.SOAK_BY_THE_CLOCK,
            then=check,
        )
        soaked = self._judge(State.SOAKED, "What do alarms and requests say of green with all users?", complete, soak)
        self._give_back(State.GIVE_BACK_IN_SOAK, soaked, soak)
        check.next(soaked)
        return soak

    def _give_back(self, state: State, judge: sfn.Choice, go_on: sfn.IChainable) -> None:
        """While it lasts the others are watched as before; what cannot be read back in time takes all with it."""
        give_back = self._guarded(
            Function.ROLL_BACK,
            state,
            "Make the next safe write on the way back of the workloads that failed. The others go on.",
            payload={"reason": "{% $reason %}", "alone": True},
            assign=_WAIT | {"epoch": "{% $states.result.Payload.epoch %}"},
            crashes_are_retried=True,
        )
        judge.when(_action("give_back"), give_back.next(go_on), comment="Some workloads go back alone.")

    def _check(self, state: State, comment: str, *, soaking: bool) -> tasks.LambdaInvoke:
        return self._guarded(
            Function.CHECK_HEALTH,
            state,
            comment,
            payload=_STAGED | {"soaking": soaking},
            assign=_WAIT | _REASON | {"next": "{% $states.result.Payload.next_stage %}"},
        )

    def _judge(self, state: State, comment: str, advance: sfn.IChainable, wait: sfn.IChainable) -> sfn.Choice:
        judge = self._choice(state, comment)
        judge.when(_action("advance"), advance, comment="Long enough, and all was well.")
        judge.when(_action("wait"), wait, comment="Not long enough yet, or somebody has to approve.")
        return judge.otherwise(self._roll_back)

    def _completion(self) -> sfn.IChainable:
        complete = self._guarded(
            Function.COMPLETE,
            State.COMPLETE,
            "Make green permanent: write the final weights, read them back, give the lease back.",
            payload=_LEASED,
            assign=_WAIT | {"ending": _ANSWER},
            crashes_are_retried=True,
        )
        permanent = self._choice(State.IS_COMPLETE, "Has DNS been seen to carry the final weights?")
        permanent.when(
            sfn.Condition.jsonata("{% $states.input.partly %}"),
            self._partly,
            comment="Yes, for all but those that were given back.",
        )
        permanent.when(_arrived(), self._succeeded, comment="Yes. The output says what was done.")
        wait = self._wait(State.WAIT_FOR_COMPLETION, "ExternalDNS and DNS need a while. Nothing is wrong yet.")
        permanent.otherwise(wait.next(complete))
        return complete.next(permanent)

    def _success(self) -> sfn.Succeed:
        return sfn.Succeed.jsonata(
            self,
            State.SUCCEEDED.value,
            comment="Read back: all users are on green. Or the dry run has found nothing wrong.",
            outputs="{% $states.input.result %}",
        )

    # --- The failure column ------------------------------------------------------------------------------------------

    def _failure_column(self) -> tasks.LambdaInvoke:
        confirm = self._confirmation()
        roll_back = self._task(
            Function.ROLL_BACK,
            State.ROLL_BACK,
            "Give all traffic back to blue: blue up first, green down after. Changes nothing if nothing was changed.",
            payload={"reason": "{% $reason %}"},
            assign=_WAIT,
            crashes_are_retried=True,
        )
        roll_back.add_catch(
            confirm,
            errors=["States.ALL"],
            assign={"reason": f"{{% $reason & '; and the rollback failed: ' & {_ERROR} %}}"},
        )
        back = self._choice(State.IS_TRAFFIC_BACK, "Has DNS been seen to carry the weights from before?")
        back.when(_arrived(), confirm, comment="Yes. Confirm it once more and say so.")
        wait = self._wait(State.WAIT_FOR_ROLLBACK, "ExternalDNS and DNS need a while to give traffic back.")
        back.otherwise(wait.next(roll_back))
        roll_back.next(back)
        return roll_back

    def _confirmation(self) -> sfn.IChainable:
        confirm = self._task(
            Function.CONFIRM_ROLLBACK,
            State.CONFIRM_ROLLBACK,
            "Read back where traffic is, record it and tell people. Says what it sees, not what was meant.",
            payload={"reason": "{% $reason %}"},
            assign={"ending": _ANSWER},
            crashes_are_retried=True,
        )
        unconfirmed = self._failure(
            State.ROLLBACK_UNCONFIRMED,
            "RollbackUnconfirmed",
            "Nobody has seen traffic back on blue. Somebody must look now; start with the runbook.",
        )
        failed = f"$reason & '; and nobody could confirm where traffic is: ' & {_ERROR}"
        confirm.add_catch(
            self._page(unconfirmed),
            errors=["States.ALL"],
            assign={"ending": {"outcome": "RollbackUnconfirmed", "reason": f"{{% {failed} %}}"}},
        )
        return confirm.next(self._how_did_it_end(unconfirmed))

    def _page(self, unconfirmed: sfn.IChainable) -> tasks.SnsPublish:
        """No function stands between this and the topic: it may be the functions that do not work."""
        page = tasks.SnsPublish.jsonata(
            self,
            State.PAGE.value,
            comment="Call somebody: nobody has confirmed where traffic is.",
            topic=self._topic,
            subject="Crossfade NEEDS YOU: nobody could confirm where traffic is",
            message=sfn.TaskInput.from_text(f"{{% {_PAGE} %}}"),
            task_timeout=sfn.Timeout.duration(Duration.seconds(_PAGE_SECONDS)),
        )
        _retry(page, PAGE_ERRORS, most=_CRASH_RETRIES)
        page.add_catch(unconfirmed, errors=["States.ALL"])
        page.next(unconfirmed)
        return page

    def _how_did_it_end(self, unconfirmed: sfn.IChainable) -> sfn.Choice:
        choice = self._choice(
            State.HOW_DID_IT_END,
            "A failure to the caller, unless the migration had ended well before and only the answer was lost.",
        )
        for state, outcome, comment in (
            (State.ROLLED_BACK, "RolledBack", "Read back: traffic is where it was before the migration."),
            (State.HELD, "Held", "Traffic is frozen on purpose and somebody was told. A person decides what is next."),
            (State.REFUSED, "Refused", "The migration did not start. Nothing was changed."),
        ):
            is_it = sfn.Condition.jsonata(f"{{% $ending.outcome = '{outcome}' %}}")
            choice.when(is_it, self._failure(state, outcome, comment), comment=comment)
        choice.when(sfn.Condition.jsonata("{% $ending.outcome = 'PartlyRolledBack' %}"), self._partly, comment=_PARTLY)
        choice.when(
            sfn.Condition.jsonata("{% $ending.outcome in ['Succeeded', 'DryRun'] %}"),
            self._succeeded,
            comment="It had ended well; only the answer that said so was lost.",
        )
        return choice.otherwise(unconfirmed)

    def _failure(self, state: State, error: str, comment: str) -> sfn.Fail:
        return sfn.Fail.jsonata(self, state.value, comment=comment, error=error, cause="{% $ending.reason %}")

    # --- The parts ---------------------------------------------------------------------------------------------------

    def _guarded(self, function: Function, state: State, comment: str, **options: Any) -> tasks.LambdaInvoke:
        return self._or_roll_back(self._task(function, state, comment, **options))

    def _or_roll_back(self, task: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        task.add_catch(self._roll_back, errors=["States.ALL"], assign={"reason": f"{{% {_ERROR} %}}"})
        return task

    def _task(
        self,
        function: Function,
        state: State,
        comment: str,
        *,
        payload: Mapping[str, object] | None = None,
        assign: Mapping[str, object] | None = None,
        crashes_are_retried: bool = False,
    ) -> tasks.LambdaInvoke:
        task = tasks.LambdaInvoke.jsonata(
            self,
            state.value,
            comment=comment,
            lambda_function=self._functions[function],
            payload=sfn.TaskInput.from_object(_COMMON_PAYLOAD | dict(payload or {})),
            outputs=_ANSWER,
            assign=assign,
            retry_on_service_exceptions=False,  # would add a second list, without jitter, beside ours
            task_timeout=sfn.Timeout.duration(Duration.seconds(PROFILES[function].timeout_seconds + _GRACE_SECONDS)),
        )
        _retry(task, LAMBDA_ERRORS)
        _retry(task, TEMPORARY_ERRORS, most=_PATIENT_RETRIES if crashes_are_retried else _RETRIES)
        if crashes_are_retried:
            _retry(task, CRASH_ERRORS, most=_CRASH_RETRIES)
        return task

    def _choice(self, state: State, comment: str, *, assign: Mapping[str, object] | None = None) -> sfn.Choice:
        return sfn.Choice.jsonata(self, state.value, comment=comment, assign=assign)

    def _sleep(self, state: State, comment: str, *, by_the_clock: State, then: sfn.IChainable) -> sfn.CustomState:
        """
        Sleep until somebody rings, or for as long as it was told.

        The token is left in the ledger only where nobody has rung since the last look, so no ring is lost in between.
        CDK has no construct for this integration with a condition on the item.
        Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-wait-token
        """
        sleep = sfn.CustomState(self, state.value, state_json=self._token_left_in_the_ledger(comment))
        clock = self._wait(by_the_clock, "No token could be left, so nobody can wake it: sleep for as long anyway.")
        clock.next(then)
        for errors, way in ((["States.Timeout", *RANG_ERRORS], then), (["States.ALL"], clock)):
            sleep.add_catch(sfn.Chain.start(way), errors=errors)
        sleep.next(then)
        return sleep

    def _token_left_in_the_ledger(self, comment: str) -> dict[str, object]:
        key = {"pk": {"S": f"{{% '{BELL_KEY}' & $states.context.Execution.Name %}}"}, "sk": {"S": BELL_ITEM}}
        return {
            "Type": "Task",
            "Comment": comment,
            "Resource": f"arn:{Aws.PARTITION}:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
            "Arguments": {
                "TableName": self._table_name,
                "Key": key,
                "UpdateExpression": f"SET {BELL_TOKEN} = :token",
                "ConditionExpression": f"attribute_not_exists({BELL_RANG})",
                "ExpressionAttributeValues": {":token": {"S": "{% $states.context.Task.Token %}"}},
            },
            "TimeoutSeconds": "{% $wait %}",
        }

    def _wait(self, state: State, comment: str) -> sfn.Wait:
        return sfn.Wait.jsonata(self, state.value, comment=comment, time=sfn.WaitTime.seconds("{% $wait %}"))


def _retry(task: tasks.LambdaInvoke | tasks.SnsPublish, errors: Sequence[str], *, most: int = _RETRIES) -> None:
    """*most* more tries, six within about a minute, spread so that several functions do not ask in step."""
    task.add_retry(
        errors=list(errors),
        interval=Duration.seconds(2),
        backoff_rate=2,
        max_delay=Duration.seconds(30),
        max_attempts=most,
        jitter_strategy=sfn.JitterType.FULL,
    )


def _arrived() -> sfn.Condition:
    return sfn.Condition.jsonata("{% $states.input.arrived %}")


def _action(action: str) -> sfn.Condition:
    return sfn.Condition.jsonata(f"{{% $states.input.action = '{action}' %}}")


class Machine(Construct):
    """
    The state machine and its log.

    Attributes:
        machine: The state machine. Its role may invoke exactly the published versions in the definition, publish to
            the topic, and write the bells of the ledger.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        functions: Mapping[Function, lambda_.IVersion],
        topic: sns.ITopic,
        table: dynamodb.ITable,
        sample_input: Mapping[str, object],
    ) -> None:
        super().__init__(scope, id_)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            comment=(
                f"{PRODUCT} moves users from blue to green in stages, watches green's alarms, and gives traffic back "
                f"if anything is wrong. The input {{}} is valid. Sample input: {json.dumps(sample_input)}"
            ),
            definition_body=sfn.DefinitionBody.from_chainable(
                Flow(self, "Flow", functions=functions, topic=topic, table_name=table.table_name).first
            ),
            query_language=sfn.QueryLanguage.JSONATA,
            timeout=MACHINE_TIMEOUT,
            tracing_enabled=True,
            logs=sfn.LogOptions(destination=self._log_group(), level=sfn.LogLevel.ALL, include_execution_data=False),
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["dynamodb:UpdateItem"],
                resources=[table.table_arn],
                conditions={
                    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{BELL_KEY}*"]},
                    "Null": {"dynamodb:LeadingKeys": "false"},
                },
            )
        )
        acknowledge(
            self.machine.role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray and the log delivery API (logs:CreateLogDelivery and its family) have no resource to name.",
        )

    def _log_group(self) -> logs.LogGroup:
        """Its name begins as AWS asks: a resource policy for other names can outgrow its limit of 5120 characters."""
        unique = Fn.select(0, Fn.split("-", Fn.select(2, Fn.split("/", Aws.STACK_ID))))
        return logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/vendedlogs/states/{Stack.of(self).stack_name}-{unique}",
            retention=LOG_RETENTION,
            removal_policy=RemovalPolicy.RETAIN,
        )
