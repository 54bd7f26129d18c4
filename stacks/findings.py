"""How a finding of cdk-nag is acknowledged: at the resource, with a reason that somebody can check.

Nothing is acknowledged for a whole stack. A test lists every acknowledgment.
"""

from collections.abc import Mapping
from typing import Any

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


def as_reported(scope: IConstruct, value: str) -> str:
    """How the report of cdk-nag writes *value*, an ARN with references: `<LogicalId>` or `<LogicalId.Attribute>`."""
    resolved = cdk.Stack.of(scope).resolve(value)
    return resolved if isinstance(resolved, str) else "".join(_part(part) for part in resolved["Fn::Join"][1])


def _part(part: str | Mapping[str, Any]) -> str:
    if isinstance(part, str):
        return part
    return f"<{part['Ref']}>" if "Ref" in part else f"<{'.'.join(part['Fn::GetAtt'])}>"
