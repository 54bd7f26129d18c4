"""The part of the configuration that says what starts migrations, who approves them, and who is told."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, JsonValue

from crossfade.core.entry import Entry, Switch
from crossfade.core.forms import (
    Between,
    BusName,
    Duration,
    Email,
    EventWords,
    PlanName,
    ScheduleExpression,
    ScheduleName,
    SlackChannelId,
    SlackWorkspaceId,
    TimeZone,
)

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


class ApprovalConfig(Entry):
    """Who may approve the gated stages of a plan."""

    by_another: Switch = Field(
        default=False,
        description="Whether whoever started a migration may not approve its stages. "
        "It compares the names that AWS gives; where a start says nobody's name, there is nothing to compare.",
    )


class SlackConfig(Entry):
    """One channel of a Slack workspace that Amazon Q Developer in chat applications was let into."""

    workspace_id: SlackWorkspaceId = Field(
        description="Of the workspace, as the console of Amazon Q Developer shows it."
    )
    channel_id: SlackChannelId = Field(description="Of the channel, as its link ends.")


class ChatConfig(Entry):
    """A topic with messages as chats show them, a thread a migration."""

    slack: SlackConfig | None = Field(
        default=None, description="The channel to subscribe; without it you subscribe the topic yourself."
    )


class NotificationsConfig(Entry):
    """Who is told."""

    emails: tuple[Email, ...] = Field(default=(), description="Addresses that get every notice; each has to confirm.")
    chat: ChatConfig | None = Field(default=None, description="A second topic, for Slack or Microsoft Teams.")
    event_bus: BusName = Field(
        default="default", description="The EventBridge bus for events on every change, in the Region of the stack."
    )


class ScheduleConfig(Entry):
    """A migration that starts by the clock."""

    name: ScheduleName = Field(description="Each schedule has its own name.")
    expression: ScheduleExpression = Field(
        description="cron(...), rate(...) or at(...), as EventBridge Scheduler has it."
    )
    timezone: TimeZone = Field(default="UTC", description="The IANA time zone of the expression.")
    plan: PlanName = Field(description="The plan to start.")
    enabled: Switch = Field(default=False, description="Whether it starts anything; off until you say so.")
    max_age: Annotated[Duration, Between(_MINUTE, _DAY)] = Field(
        default=15 * _MINUTE, description="How late it may still start; after that this start is dropped."
    )


class EventStartConfig(Entry):
    """A migration that starts when somebody's event comes."""

    name: ScheduleName = Field(description="Each rule has its own name.")
    source: EventWords = Field(description="Of the events, such as com.example.release.")
    detail_type: EventWords = Field(description="Of the events, such as Release Approved.")
    detail: dict[str, JsonValue] = Field(
        default={}, description="An EventBridge pattern for their detail; any detail without it."
    )
    plan: PlanName = Field(description="The plan to start.")
    enabled: Switch = Field(default=False, description="Whether it starts anything; off until you say so.")
    max_age: Annotated[Duration, Between(_MINUTE, _DAY)] = Field(
        default=15 * _MINUTE, description="How late it may still start; after that this start is dropped."
    )


class TriggersConfig(Entry):
    """What starts migrations, beside people."""

    schedules: tuple[ScheduleConfig, ...] = Field(default=(), description="Migrations that start by the clock.")
    events: tuple[EventStartConfig, ...] = Field(
        default=(), description="Migrations that start by events, on the bus of notifications.eventBus."
    )
