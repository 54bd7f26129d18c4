"""How a finding of cdk-nag is acknowledged: at the resource, with a reason that somebody can check.

Nothing is acknowledged for a whole stack. A test lists every acknowledgment.
"""

import aws_cdk as cdk
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """
    Accept a finding of the pack AwsSolutions on *construct* and below.

    Args:
        construct: As small as possible.
        rule: As the report writes it after the pack's name, such as `AwsSolutions-IAM5[Resource::*]`.
        reason: Why it cannot or need not be otherwise.
    """
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason))
