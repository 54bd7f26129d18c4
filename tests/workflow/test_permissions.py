"""What functions ask of AWS is what their synthesised policies allow; `journey` looks after every run of these tests.

Here a grant is taken away: that is found, named, and ends as any other refusal.
"""

from dataclasses import replace

import pytest

from crossfade.names import Function
from tests.workflow.journey import ON_BLUE, Journey, journey


def take_away(tonight: Journey, function: Function, action: str) -> None:
    """Let the policy of *function* lack *action*."""
    policies = tonight.world.cloud.permissions.policies
    held = policies[function.value]
    policies[function.value] = tuple(replace(s, actions=tuple(a for a in s.actions if a != action)) for s in held)
    assert policies[function.value] != held, "there was no such grant"


@pytest.mark.parametrize(
    ("function", "action", "where"),
    [
        (Function.TAKE_LEASE, "dynamodb:UpdateItem", "table/"),
        (Function.PREFLIGHT, "eks:DescribeCluster", "cluster/"),
    ],
)
def test_a_missing_grant_is_found_and_nothing_is_moved(function: Function, action: str, where: str) -> None:
    with journey() as tonight:
        take_away(tonight, function, action)

        execution = tonight.run()

        denied, tonight.world.cloud.permissions.denied[:] = list(tonight.world.cloud.permissions.denied), []
        assert execution.status == "FAILED"
        assert tonight.routed == ON_BLUE
        assert denied
        assert denied[0].startswith(f"{function.value} may not {action} on arn:aws:")
        assert where in denied[0]
