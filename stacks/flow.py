"""The graph that people see in the console: the happy path, straight down.

Expressions only pass values on; whatever is decided is decided in the functions.
Rule: a Task before the failure column catches everything and rolls back. `definition_check` holds that.
What a state is made of stands in `states`; what comes after an error, in `failure_column`.
"""

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from crossfade.names import Function, State
from stacks.failure_column import FailureColumn
from stacks.states import ANSWER, ERROR, REASON, WAIT, States, action, arrived

_LEASED: Final = {"epoch": "{% $epoch %}"}
_STAGED: Final = _LEASED | {"stage": "{% $stage %}"}


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
        self._states = States(self, functions=functions, topic=topic, table_name=table_name)
        self._column = FailureColumn(self, self._states)
        complete = self._completion()
        more_stages = self._stages(self._soak(complete))
        self.first = self._beginning(more_stages, complete)

    # --- From its end to its beginning -------------------------------------------------------------------------------

    def _beginning(self, more_stages: sfn.IChainable, complete: sfn.IChainable) -> sfn.IChainable:
        baseline = self._guarded(
            Function.RECORD_BASELINE,
            State.RECORD_BASELINE,
            "Store the weights of both clusters, to which a rollback returns. Still nothing is changed.",
            payload=_LEASED,
            assign={"stage": 0},
        )
        dry_run = self._states.choice(State.DRY_RUN, "A dry run ends here: everything was checked, nothing is changed.")
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
            assign={"run": ANSWER},
        )

    def _take_lease(self) -> tasks.LambdaInvoke:
        lease = self._states.task(
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
        lease.add_catch(duplicate, errors=["LeaseHeldError"], assign={"reason": f"{{% {ERROR} %}}"})
        return self._or_roll_back(lease)

    def _preflight(self) -> tasks.LambdaInvoke:
        return self._guarded(
            Function.PREFLIGHT,
            State.PREFLIGHT,
            "Check that moving and rolling back would work: clusters, records, alarms, permissions.",
            payload=_LEASED,
        )

    def _stages(self, soak: sfn.IChainable) -> sfn.Choice:
        more_stages = self._states.choice(
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
            assign=WAIT,
        )
        moved = self._states.choice(State.HAS_TRAFFIC_MOVED, "Has DNS been seen to carry this stage's weights?")
        moved.when(arrived(), bake, comment="The weights are in DNS: watch this stage.")
        wait = self._states.wait(State.WAIT_FOR_TRAFFIC, "ExternalDNS and DNS need a while. Nothing is wrong yet.")
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
        bake = self._states.sleep(
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
        soak = self._states.sleep(
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
            assign=WAIT | {"epoch": "{% $states.result.Payload.epoch %}"},
            crashes_are_retried=True,
        )
        judge.when(action("give_back"), give_back.next(go_on), comment="Some workloads go back alone.")

    def _check(self, state: State, comment: str, *, soaking: bool) -> tasks.LambdaInvoke:
        return self._guarded(
            Function.CHECK_HEALTH,
            state,
            comment,
            payload=_STAGED | {"soaking": soaking},
            assign=WAIT | REASON | {"next": "{% $states.result.Payload.next_stage %}"},
        )

    def _judge(self, state: State, comment: str, advance: sfn.IChainable, wait: sfn.IChainable) -> sfn.Choice:
        judge = self._states.choice(state, comment)
        judge.when(action("advance"), advance, comment="Long enough, and all was well.")
        judge.when(action("wait"), wait, comment="Not long enough yet, or somebody has to approve.")
        return judge.otherwise(self._column.roll_back)

    def _completion(self) -> sfn.IChainable:
        complete = self._guarded(
            Function.COMPLETE,
            State.COMPLETE,
            "Make green permanent: write the final weights, read them back, give the lease back.",
            payload=_LEASED,
            assign=WAIT | {"ending": ANSWER},
            crashes_are_retried=True,
        )
        permanent = self._states.choice(State.IS_COMPLETE, "Has DNS been seen to carry the final weights?")
        permanent.when(
            sfn.Condition.jsonata("{% $states.input.partly %}"),
            self._column.partly,
            comment="Yes, for all but those that were given back.",
        )
        permanent.when(arrived(), self._column.succeeded, comment="Yes. The output says what was done.")
        wait = self._states.wait(State.WAIT_FOR_COMPLETION, "ExternalDNS and DNS need a while. Nothing is wrong yet.")
        permanent.otherwise(wait.next(complete))
        return complete.next(permanent)

    # --- Guarded ----------------------------------------------------------------------------------------------------

    def _guarded(self, function: Function, state: State, comment: str, **options: Any) -> tasks.LambdaInvoke:
        return self._or_roll_back(self._states.task(function, state, comment, **options))

    def _or_roll_back(self, task: tasks.LambdaInvoke) -> tasks.LambdaInvoke:
        task.add_catch(self._column.roll_back, errors=["States.ALL"], assign={"reason": f"{{% {ERROR} %}}"})
        return task
