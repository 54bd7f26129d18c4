"""Every string that two sides must agree on. This file imports nothing of the product.

The state machine, the functions, the stacks, the world and the documentation spell these words once, here.
"""

from enum import StrEnum
from typing import Final

PRODUCT: Final = "Crossfade"
EVENT_SOURCE: Final = "crossfade"
METRIC_NAMESPACE: Final = "Crossfade"
SERVICE: Final = "crossfade"
"""Names the functions in their logs, and is the dimension `service` of every metric."""
FIELD_MANAGER: Final = "crossfade"
EPOCH_ANNOTATION: Final = "crossfade/epoch"
KUBERNETES_GROUP: Final = "crossfade:shifters"
"""The group that the access entries give to the functions and the shipped RBAC binds."""

ALPHA_PREFIX: Final = "external-dns.alpha.kubernetes.io/"
"""The annotation prefix that ExternalDNS reads up to v0.21."""
STABLE_PREFIX: Final = "external-dns.kubernetes.io/"
"""The annotation prefix that ExternalDNS reads from v0.22 on."""
WEIGHT_KEY: Final = "aws-weight"
WEIGHT_PROPERTY: Final = "aws/weight"
"""What a DNSEndpoint calls the same."""
IDENTIFIER_KEY: Final = "set-identifier"
HEALTH_CHECK_KEY: Final = "aws-health-check-id"
HEALTH_CHECK_PROPERTY: Final = "aws/health-check-id"
"""What a DNSEndpoint calls the same."""


class Env(StrEnum):
    """Environment variables of the functions: `wiring` reads them, `stacks` and the embedded world set them."""

    TABLE = "CROSSFADE_TABLE"
    TOPIC_ARN = "CROSSFADE_TOPIC_ARN"
    CHAT_TOPIC_ARN = "CROSSFADE_CHAT_TOPIC_ARN"  # only where there is a chat
    EVENT_BUS = "CROSSFADE_EVENT_BUS"  # `default` without it
    REPORTS = "CROSSFADE_REPORTS"
    EMBEDDED = "CROSSFADE_EMBEDDED"  # set by the embedded world only
    CONFIG_FILE = "CROSSFADE_CONFIG_FILE"
    PURPOSE = "CROSSFADE_PURPOSE"


CONFIG_FILE: Final = "crossfade.json"
"""The deployed configuration, beside the code in the functions' asset."""


ALARM_SOURCE: Final = "aws.cloudwatch"
ALARM_EVENT: Final = "CloudWatch Alarm State Change"
"""What EventBridge calls a change of an alarm's state. Nobody but AWS may send events whose source begins with `aws.`.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""

BELL_KEY: Final = "BELL#"
BELL_ITEM: Final = "BELL"
BELL_TOKEN: Final = "task_token"  # noqa: S105 - the name of an attribute
BELL_RANG: Final = "rang"
"""The item of the ledger by which a sleeping migration is woken: the state machine writes it, without a function."""


MACHINE_OUTPUT: Final = "StateMachineArn"
TABLE_OUTPUT: Final = "TableName"
REPORTS_OUTPUT: Final = "ReportBucketName"
"""Outputs of the stack, by which the command line finds what is deployed."""


def weight_parameter(zone: str, workload: str) -> str:
    """The name of the SSM parameter that holds the weights at which *workload* in *zone* was last read back."""
    return f"/crossfade/{zone}/{workload}"


class Function(StrEnum):
    """The functions; the value is the module under `lambdas/`, the handler in it is `handler`."""

    RESOLVE_PLAN = "resolve_plan"
    TAKE_LEASE = "take_lease"
    PREFLIGHT = "preflight"
    RECORD_BASELINE = "record_baseline"
    SHIFT_TRAFFIC = "shift_traffic"
    CHECK_HEALTH = "check_health"
    COMPLETE = "complete"
    ROLL_BACK = "roll_back"
    CONFIRM_ROLLBACK = "confirm_rollback"
    LATCH_ALARM = "latch_alarm"  # woken by alarms, not by the state machine
    GUARDIAN = "guardian"  # woken by events and by the clock, not by the state machine
    REPORT = "report"  # woken by events, not by the state machine


class State(StrEnum):
    """State names as people read them in the console, in reading order."""

    RESOLVE_PLAN = "Resolve plan"
    TAKE_LEASE = "Take lease"
    PREFLIGHT = "Preflight"
    DRY_RUN = "Only a dry run?"
    RECORD_BASELINE = "Record baseline"
    MORE_STAGES = "More stages?"
    SHIFT_TRAFFIC = "Shift traffic"
    HAS_TRAFFIC_MOVED = "Has traffic moved?"
    WAIT_FOR_TRAFFIC = "Wait for traffic"
    BAKE = "Bake"
    BAKE_BY_THE_CLOCK = "Bake by the clock"
    CHECK_HEALTH = "Check health"
    HEALTHY = "Healthy?"
    NEXT_STAGE = "Next stage"
    GIVE_BACK = "Give back"
    SOAK = "Soak"
    SOAK_BY_THE_CLOCK = "Soak by the clock"
    CHECK_SOAK = "Check health in soak"
    SOAKED = "Still healthy?"
    GIVE_BACK_IN_SOAK = "Give back in soak"
    COMPLETE = "Complete"
    IS_COMPLETE = "Is green permanent?"
    WAIT_FOR_COMPLETION = "Wait for final weights"
    SUCCEEDED = "Succeeded"
    ROLL_BACK = "Roll back"
    IS_TRAFFIC_BACK = "Is traffic back?"
    WAIT_FOR_ROLLBACK = "Wait for rollback"
    CONFIRM_ROLLBACK = "Confirm rollback"
    HOW_DID_IT_END = "How did it end?"
    PAGE = "Page somebody"
    ROLLED_BACK = "Rolled back"
    PARTLY_ROLLED_BACK = "Partly rolled back"
    ROLLBACK_UNCONFIRMED = "Rollback unconfirmed"
    HELD = "Held"
    REFUSED = "Refused"
    DUPLICATE = "Duplicate"


OUTSIDE_THE_MACHINE: Final = (Function.LATCH_ALARM, Function.GUARDIAN, Function.REPORT)
"""They belong to no migration, so they always run what is deployed."""

LAMBDA_ERRORS: Final = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.ResourceNotReadyException",  # a function in a VPC that was idle for weeks
)
"""Errors of the Lambda service itself, all worth another try."""

TEMPORARY_ERRORS: Final = (
    "RouterThrottledError",
    "RouterUnavailableError",
    "WriteConflictError",
    "LedgerUnavailableError",
    "AlarmsUnavailableError",
)
"""Class names of every `TemporaryError`: what the state machine retries. A test keeps both in step."""


CRASH_ERRORS: Final = ("States.Timeout", "Lambda.Unknown", "Runtime.ExitError", "Sandbox.Timedout")
"""A function died or did not answer in time, and nobody knows what it has done: worth another try where the same task
twice is one. Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

RANG_ERRORS: Final = ("DynamoDb.ConditionalCheckFailedException", "DynamoDB.ConditionalCheckFailedException")
"""Somebody rang before the token was left: there is no sleep. Both spellings are documented, one an integration.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html"""

PAGE_ERRORS: Final = ("States.TaskFailed", "States.Timeout")
"""Whatever can go wrong with a call of SNS: there is nothing to lose by calling for help again."""


class TimelineEvent(StrEnum):
    """What can stand in a timeline."""

    STARTED = "started"
    LEASE_TAKEN = "lease_taken"
    PREFLIGHT_PASSED = "preflight_passed"
    BASELINE_RECORDED = "baseline_recorded"
    STAGE_POSTPONED = "stage_postponed"
    STAGE_BEGAN = "stage_began"
    WEIGHT_WRITTEN = "weight_written"
    TRAFFIC_MOVED = "traffic_moved"
    ALARM_LATCHED = "alarm_latched"
    ALARM_EDITED = "alarm_edited"
    BLUE_SHRANK = "blue_shrank"
    VERDICT_CHANGED = "verdict_changed"
    STAGE_PASSED = "stage_passed"
    APPROVAL_AWAITED = "approval_awaited"
    HOLD_BEGAN = "hold_began"
    HOLD_KEPT = "hold_kept"
    SOAK_BEGAN = "soak_began"
    SOAK_PASSED = "soak_passed"
    ROLLBACK_DECIDED = "rollback_decided"
    GIVE_BACK_BEGAN = "give_back_began"
    ROLLBACK_BEGAN = "rollback_began"
    TRAFFIC_RETURNED = "traffic_returned"
    SWITCH_FLIPPED = "switch_flipped"
    SWITCH_SEEN = "switch_seen"
    SWITCH_PUT_BACK = "switch_put_back"
    WEIGHTS_NOT_KEPT = "weights_not_kept"
    CHARGED = "charged"
    SIGNALLED = "signalled"
    ENDED = "ended"


class Metric(StrEnum):
    """Names of the metrics that Crossfade publishes about itself, in `METRIC_NAMESPACE`."""

    STAGE_SHIFTED = "StageShifted"
    ROLLED_BACK = "RolledBack"
    PARTLY_ROLLED_BACK = "PartlyRolledBack"
    ROLLBACK_UNCONFIRMED = "RollbackUnconfirmed"
    MIGRATION_SUCCEEDED = "MigrationSucceeded"
    GUARDIAN_ACTED = "GuardianActed"
    LEASES_HELD = "LeasesHeld"  # looked at once a minute; absent while there is none
    STAGE = "Stage"  # from 1, at every look
    WRITTEN_SHARE = "WrittenShare"  # percent of DNS answers that name green, of one workload, as read back
    OBSERVED_SHARE = "ObservedShare"  # percent of requests that green got in this stage, likewise
    BLUE_ERROR_RATE = "BlueErrorRate"  # percent of requests in this stage that failed, likewise
    GREEN_ERROR_RATE = "GreenErrorRate"


WORKLOAD_DIMENSION: Final = "workload"
"""The dimension of what is told of one workload; `service` stands beside it."""


SWITCH_NAMESPACE: Final = "Crossfade/Switch"
"""Its own, so that a permission can be limited to it."""
SWITCH_METRIC: Final = "GreenOut"
"""1 or more takes green out of the answers of DNS, 0 lets it in again; without data everything stays as it is."""
ZONE_DIMENSION: Final = "zone"


def switch_alarm(zone: str, workload: str) -> str:
    """The name of the alarm that the health check of *workload*, a name, in *zone*, an id, follows."""
    return f"crossfade-switch-{zone}-{workload}"
