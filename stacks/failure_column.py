"""The failure column of the state machine: everything that goes wrong leads here, from `Roll back` to the failures.

Rule: an end that nobody could confirm is never silent: the machine itself publishes the page, without a function.
"""

from typing import Final

from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from crossfade.names import Function, State
from stacks.states import ANSWER, ERROR_AGAIN, WAIT, States, arrived

_PARTLY: Final = "Read back: some workloads are on green, the others where they were, as the plan says."


class FailureColumn:
    """
    The way back, and the ends that both ways share.

    Attributes:
        succeeded: The good end.
        partly: The end in which some workloads were given back.
        roll_back: Where the way back begins; the reason has to be assigned.
    """

    def __init__(self, scope: Construct, states: States) -> None:
        self._states = states
        self.succeeded = sfn.Succeed.jsonata(
            scope,
            State.SUCCEEDED.value,
            comment="Read back: all users are on green. Or the dry run has found nothing wrong.",
            outputs="{% $states.input.result %}",
        )
        self.partly = states.failure(State.PARTLY_ROLLED_BACK, "PartlyRolledBack", _PARTLY)
        self.roll_back = self._beginning()

    def _beginning(self) -> tasks.LambdaInvoke:
        confirm = self._confirmation()
        roll_back = self._states.task(
            Function.ROLL_BACK,
            State.ROLL_BACK,
            "Give all traffic back to blue: blue up first, green down after. Changes nothing if nothing was changed.",
            payload={"reason": "{% $reason %}"},
            assign=WAIT,
            crashes_are_retried=True,
        )
        roll_back.add_catch(
            confirm,
            errors=["States.ALL"],
            assign={"reason": f"{{% $reason & '; and the rollback failed: ' & {ERROR_AGAIN} %}}"},
        )
        back = self._states.choice(State.IS_TRAFFIC_BACK, "Has DNS been seen to carry the weights from before?")
        back.when(arrived(), confirm, comment="Yes. Confirm it once more and say so.")
        wait = self._states.wait(State.WAIT_FOR_ROLLBACK, "ExternalDNS and DNS need a while to give traffic back.")
        back.otherwise(wait.next(roll_back))
        roll_back.next(back)
        return roll_back

    def _confirmation(self) -> sfn.IChainable:
        confirm = self._states.task(
            Function.CONFIRM_ROLLBACK,
            State.CONFIRM_ROLLBACK,
            "Read back where traffic is, record it and tell people. Says what it sees, not what was meant.",
            payload={"reason": "{% $reason %}"},
            assign={"ending": ANSWER},
            crashes_are_retried=True,
        )
        unconfirmed = self._states.failure(
            State.ROLLBACK_UNCONFIRMED,
            "RollbackUnconfirmed",
            "Nobody has seen traffic back on blue. Somebody must look now; start with the runbook.",
        )
        failed = f"$reason & '; and nobody could confirm where traffic is: ' & {ERROR_AGAIN}"
        confirm.add_catch(
            self._states.page(unconfirmed),
            errors=["States.ALL"],
            assign={"ending": {"outcome": "RollbackUnconfirmed", "reason": f"{{% {failed} %}}"}},
        )
        return confirm.next(self._how_did_it_end(unconfirmed))

    def _how_did_it_end(self, unconfirmed: sfn.IChainable) -> sfn.Choice:
        choice = self._states.choice(
            State.HOW_DID_IT_END,
            "A failure to the caller, unless the migration had ended well before and only the answer was lost.",
        )
        for state, outcome, comment in (
            (State.ROLLED_BACK, "RolledBack", "Read back: traffic is where it was before the migration."),
            (State.HELD, "Held", "Traffic is frozen on purpose and somebody was told. A person decides what is next."),
            (State.REFUSED, "Refused", "The migration did not start. Nothing was changed."),
        ):
            is_it = sfn.Condition.jsonata(f"{{% $ending.outcome = '{outcome}' %}}")
            choice.when(is_it, self._states.failure(state, outcome, comment), comment=comment)
        choice.when(sfn.Condition.jsonata("{% $ending.outcome = 'PartlyRolledBack' %}"), self.partly, comment=_PARTLY)
        choice.when(
            sfn.Condition.jsonata("{% $ending.outcome in ['Succeeded', 'DryRun'] %}"),
            self.succeeded,
            comment="It had ended well; only the answer that said so was lost.",
        )
        return choice.otherwise(unconfirmed)
