"""How single values are written: names, hosts, durations, instants. One value is checked here, never two together.

Every form is an allow-list, and its message says how to mend the value. This file knows no field.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from crossfade.core.duration import DURATION_PATTERN, format_duration, parse_duration

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_LABELS = rf"{_LABEL}(\.{_LABEL})*"
_SHOWN_MAX = 80


def _as_is(value: str) -> str:
    return value


@dataclass(frozen=True, slots=True)
class Form:
    """
    The form of a text.

    Attributes:
        pattern: A regular expression for all of the text.
        rule: Completes "this text ...".
        longest: In characters.
        mend: What people probably meant; offered when it fits the form.
    """

    pattern: str
    rule: str
    longest: int
    mend: Callable[[str], str] = _as_is

    def check(self, value: str) -> str:
        """
        Return *value*.

        Raises:
            ValueError: It does not have this form; the message says how to mend it.
        """
        if self._fits(value):
            return value
        mended = self.mend(value)
        fix = f"; write it as {mended}" if self._fits(mended) else ""
        msg = f"{shown(value)} {self.rule}{fix}"
        raise ValueError(msg)

    def _fits(self, value: str) -> bool:
        return len(value) <= self.longest and re.fullmatch(self.pattern, value) is not None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", "maxLength": self.longest}


def shown(value: str) -> str:
    """*value* in quotes, shortened when it is long."""
    return repr(value if len(value) <= _SHOWN_MAX else value[:_SHOWN_MAX] + "...")


def plain(value: str) -> str:
    """A name as DNS compares it: lower case, no dot at the end."""
    return value.strip().lower().rstrip(".")


def _zone_id(value: str) -> str:
    return value.strip().removeprefix("/hostedzone/")


def _alarm_name(value: str) -> str:
    return value.strip().rpartition(":alarm:")[2]


Label = Annotated[
    str, Form(_LABEL, "must be a DNS label: at most 63 of a-z, 0-9 and hyphen, no hyphen at an end", 63, plain)
]
"""Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""

_OBJECT_NAME = Form(_LABELS, "must be a Kubernetes name: at most 253 of a-z, 0-9, hyphen and dot", 253, plain)
ObjectName = Annotated[str, _OBJECT_NAME]


def _object_names(value: object) -> object:
    """
    A name, or a list of names.

    Raises:
        ValueError: One of them is no name of an object; the message says which.
    """
    named = value if isinstance(value, (list, tuple)) else [value]
    if not named:
        msg = "is empty; write the name, or a list of names"
        raise ValueError(msg)
    for one in named:
        if not isinstance(one, str):
            msg = "must be a name, or a list of names"
            raise ValueError(msg)  # noqa: TRY004 - pydantic reports a ValueError
        _OBJECT_NAME.check(one)
    return value if isinstance(value, str) else tuple(named)


ObjectNames = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_object_names),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^(?:{_LABELS})$", "maxLength": _OBJECT_NAME.longest},
                {
                    "type": "array",
                    "minItems": 1,
                    "uniqueItems": True,
                    "items": {"type": "string", "pattern": f"^(?:{_LABELS})$", "maxLength": _OBJECT_NAME.longest},
                },
            ]
        }
    ),
]
"""The name of an object, or several names."""

ObjectTemplate = Annotated[
    str,
    Form(
        r"([a-z0-9.-]|\{cluster\})+",
        "must be a Kubernetes name: a-z, 0-9, hyphen and dot; {cluster} stands for the cluster's name",
        253,
    ),
]
AnnotationKey = Annotated[
    str,
    Form(
        r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?",
        "must be the key of an annotation such as route53_weight",
        317,
        str.strip,
    ),
]
ParameterName = Annotated[
    str,
    Form(r"[A-Za-z0-9_.\[\]-]+", "must be the name of a Helm parameter such as spec.ingress.route53_weight", 253),
]
DnsName = Annotated[
    str,
    Form(rf"{_LABEL}(\.{_LABEL})+", "must be a DNS name in lower case, without a dot at the end or a *", 253, plain),
]
ZoneId = Annotated[
    str, Form(r"Z[A-Z0-9]{1,31}", "must be the id of a hosted zone: Z and then capitals and digits", 32, _zone_id)
]
ClusterName = Annotated[
    str,
    Form(
        r"[0-9A-Za-z][A-Za-z0-9_-]*", "must be an EKS name: at most 100 letters, digits, hyphens and underscores", 100
    ),
]
"""Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"""

Region = Annotated[
    str, Form(r"[a-z]{2,5}(-[a-z]+){1,3}-[0-9]{1,2}", "must be an AWS Region such as eu-west-1", 32, plain)
]
_ELB = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:"
_ID = r"[0-9a-f]{16}"
RuleArn = Annotated[
    str,
    Form(
        rf"{_ELB}(listener-rule/app/[0-9A-Za-z-]{{1,32}}/{_ID}/{_ID}/{_ID}|listener/app/[0-9A-Za-z-]{{1,32}}/{_ID}/{_ID})",
        "must be the ARN of an Application Load Balancer's listener rule, or of its listener for the default action",
        256,
        str.strip,
    ),
]
TargetGroupArn = Annotated[
    str, Form(rf"{_ELB}targetgroup/[0-9A-Za-z-]{{1,32}}/{_ID}", "must be the ARN of a target group", 256, str.strip)
]
"""Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html"""

AlarmName = Annotated[
    str,
    Form(
        r"(?!arn:)[^\x00-\x1f\x7f]+",
        "must be the name of an alarm, not its ARN, at most 255 characters",
        255,
        _alarm_name,
    ),
]
"""Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""

SetIdentifier = Annotated[
    str, Form(r"[^\x00-\x1f\x7f]+", "must be a set identifier: one line of at most 128 characters", 128, str.strip)
]
"""Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html"""

UrlPath = Annotated[
    str,
    Form(
        r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*",
        "must be a path such as /healthz: a slash, then what a URL may have, anything else as %20",
        1024,
        str.strip,
    ),
]
"""Source: RFC 3986, sections 3.3 and 3.4; no space and no control character, so that it stays one line of a request."""

PlanName = Annotated[
    str, Form(r"[A-Za-z][A-Za-z0-9_-]*", "must start with a letter; then letters, digits, hyphens, underscores", 64)
]
Email = Annotated[
    str, Form(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+", "must be one e-mail address such as team@example.com", 254)
]
ScheduleName = Annotated[
    str,
    Form(r"[0-9A-Za-z_.-]+", "must be a schedule's name: at most 64 letters, digits, hyphens, dots, underscores", 64),
]
ScheduleExpression = Annotated[
    str,
    Form(
        r"cron\([^ ()]+( [^ ()]+){5}\)|rate\([1-9][0-9]* (minute|hour|day)s?\)"
        r"|at\([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\)",
        "must be cron(0 6 ? * TUE *) with six fields, rate(7 days) or at(2026-01-31T06:00:00)",
        256,
    ),
]
"""Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""

TimeZone = Annotated[
    str, Form(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}", "must be an IANA time zone such as Europe/Dublin or UTC", 50)
]
EventWords = Annotated[str, Form(r"[^\x00-\x1f\x7f]+", "must be one line of at most 128 characters", 128)]
"""Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html"""

BusName = Annotated[str, Form(r"[A-Za-z0-9_./-]+", "must be the name of an event bus, not its ARN", 256)]
"""Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html"""

SlackWorkspaceId = Annotated[
    str, Form(r"T[0-9A-Z]{1,254}", "must be the id of a Slack workspace: T, then capitals", 255)
]
SlackChannelId = Annotated[
    str, Form(r"[A-Z0-9]{1,255}", "must be the id of a Slack channel, such as C0123ABCDEF, not its name", 255)
]
"""Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-chatbot-slackchannelconfiguration.html"""

Words = Annotated[str, Form(r"[^\x00-\x1f\x7f]*", "must be one line of at most 500 characters", 500)]


def _read_duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        msg = "must be a duration with its unit, such as 90s, 10m, 2h, 1d or 1h30m"
        raise ValueError(msg)  # noqa: TRY004 - pydantic collects ValueError only
    return parse_duration(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^(?=.){DURATION_PATTERN}$"}),
]
"""Whole seconds, as `core.duration` writes them."""


@dataclass(frozen=True, slots=True)
class Between:
    """The bounds of a duration, both allowed; None for no upper bound."""

    shortest: timedelta
    longest: timedelta | None = None

    def check(self, value: timedelta) -> timedelta:
        """
        Return *value*.

        Raises:
            ValueError: It is out of bounds.
        """
        if value < self.shortest:
            msg = f"{format_duration(value)} is too short; use at least {format_duration(self.shortest)}"
            raise ValueError(msg)
        if self.longest is not None and value > self.longest:
            msg = f"{format_duration(value)} is too long; use at most {format_duration(self.longest)}"
            raise ValueError(msg)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


def read_instant(value: object) -> datetime:
    """
    Read an ISO 8601 instant with a zone, and give it in UTC.

    Raises:
        ValueError: *value* is something else; the message shows the form.
    """
    form = "write an instant with a zone, such as 2026-01-31T18:00:00Z"
    if not isinstance(value, str):
        msg = f"must be text: {form}, in quotes"
        raise ValueError(msg)  # noqa: TRY004 - pydantic collects ValueError only
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        msg = f"{shown(value)} is not an instant; {form}"
        raise ValueError(msg) from error
    msg = f"{shown(value)} has no time zone; {form}"
    raise ValueError(msg)


Instant = Annotated[datetime, BeforeValidator(read_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant in UTC."""
