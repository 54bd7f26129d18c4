"""The stack: it composes the constructs, and lets them meet."""

from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from crossfade.core.config import Config
from crossfade.core.config_starts import EventStartConfig, ScheduleConfig
from crossfade.core.places import Cluster
from crossfade.names import Function, weight_parameter
from stacks.alarm_bell import AlarmBell
from stacks.chat import Chat
from stacks.dashboard import Dashboard, Sources
from stacks.event_rules import EventRules, EventStart
from stacks.functions import KUBERNETES_FUNCTIONS, Functions
from stacks.grants import Resources, changeable, grant_all
from stacks.guardian import Guardian
from stacks.ledger import LedgerTable
from stacks.monitoring import Monitoring
from stacks.notifications import Notifications
from stacks.outputs import add_outputs
from stacks.reports import ReportBucket, ReportRules
from stacks.schedules import Schedules, Start
from stacks.state_machine import Machine
from stacks.switches import Switches


class CrossfadeStack(Stack):
    """
    Everything of Crossfade but its way into the clusters.

    Attributes:
        kubernetes_roles: The roles that need that way: see `access`.
    """

    def __init__(self, scope: Construct, id_: str, *, config: Config, code: lambda_.Code, **stack_options: Any) -> None:
        super().__init__(scope, id_, **stack_options)
        ledger = LedgerTable(self, "Ledger")
        told = config.notifications
        notifications = Notifications(self, "Notifications", emails=told.emails)
        chat = Chat(self, "Chat", slack=told.chat.slack) if told.chat else None
        bus = events.EventBus.from_event_bus_name(self, "Bus", told.event_bus)
        reports = ReportBucket(self, "Reports")
        functions = Functions(
            self,
            "Functions",
            code=code,
            table_name=ledger.table.table_name,
            topic_arn=notifications.topic.topic_arn,
            event_bus=told.event_bus,
            reports=reports.bucket.bucket_name,
            chat_topic_arn=chat.topic.topic_arn if chat else None,
        )
        machine = Machine(
            self,
            "Machine",
            functions=functions.versions,
            topic=notifications.topic,
            table=ledger.table,
            sample_input={"plan": config.default_plan, "dryRun": True, "reason": "rehearsal"},
        ).machine
        guardian = Guardian(
            self,
            "Guardian",
            function=functions.by_name[Function.GUARDIAN],
            machine_arn=machine.state_machine_arn,
        )
        AlarmBell(
            self,
            "AlarmBell",
            function=functions.by_name[Function.LATCH_ALARM],
            alarms=_alarm_names(config),
            dead_letters=guardian.dead_letters,
        )
        report_rules = ReportRules(
            self,
            "ReportRules",
            function=functions.by_name[Function.REPORT],
            machine_arn=machine.state_machine_arn,
            bus=bus,
        )
        monitoring = Monitoring(
            self,
            "Monitoring",
            machine=machine,
            functions=functions.by_name,
            topic=notifications.topic,
            dead_letters={
                "Guardian": guardian.dead_letters,
                "Report": report_rules.dead_letters,
                **self._starts(config, machine, bus),
            },
        )
        dashboard = Dashboard(
            self,
            "Dashboard",
            config=config,
            sources=Sources(
                machine=machine,
                functions=functions.by_name,
                log_groups=list(functions.log_groups.values()),
                own_alarms=monitoring.alarms,
                judging_alarms=self._alarm_arns(config),
            ),
        )
        grant_all(
            functions.roles,
            Resources(
                table=ledger.table.table_arn,
                topic=notifications.topic.topic_arn,
                chat_topic=chat.topic.topic_arn if chat else None,
                bus=bus.event_bus_arn,
                reports=reports.bucket.arn_for_objects("migrations/*"),
                zone=f"arn:{self.partition}:route53:::hostedzone/{config.hosted_zone.id}",
                records=changeable(config),
                rules=tuple(workload.alb.rule for workload in config.workloads if workload.alb),
                parameters=self._parameters_arn(config),
                clusters=tuple(self._cluster_arn(each) for each in config.all_clusters),
                executions=self._executions_arn(machine),
                machine=machine.state_machine_arn,
                switches=Switches(self, "Switches", zone=config.hosted_zone, workloads=config.workloads).arns,
            ),
        )
        self.kubernetes_roles = {function: functions.roles[function] for function in KUBERNETES_FUNCTIONS}
        add_outputs(
            self,
            machine_arn=machine.state_machine_arn,
            dashboard_name=dashboard.name,
            topic_arn=notifications.topic.topic_arn,
            table_name=ledger.table.table_name,
            chat_topic_arn=chat.topic.topic_arn if chat else None,
            report_bucket=reports.bucket.bucket_name,
            roles=self.kubernetes_roles,
        )

    def _starts(self, config: Config, machine: sfn.StateMachine, bus: events.IEventBus) -> dict[str, sqs.Queue]:
        """Add what starts migrations beside people; the value is where starts end that did not arrive."""
        lost: dict[str, sqs.Queue] = {}
        if config.triggers.events:
            rules = [_event_start(each) for each in config.triggers.events]
            lost["Event"] = EventRules(self, "EventRules", machine=machine, bus=bus, starts=rules).dead_letters
        if config.triggers.schedules:
            starts = [_start(schedule) for schedule in config.triggers.schedules]
            arn = machine.state_machine_arn
            lost["Schedule"] = Schedules(self, "Schedules", machine_arn=arn, starts=starts).dead_letters
        return lost

    def _alarm_arns(self, config: Config) -> list[str]:
        region = config.clusters.green.region
        return [
            f"arn:{self.partition}:cloudwatch:{region}:{self.account}:alarm:{name}" for name in _alarm_names(config)
        ]

    def _parameters_arn(self, config: Config) -> str:
        name = weight_parameter(config.hosted_zone.name, "*").removeprefix("/")
        return self.format_arn(service="ssm", resource="parameter", resource_name=name)

    def _cluster_arn(self, cluster: Cluster) -> str:
        return self.format_arn(service="eks", region=cluster.region, resource="cluster", resource_name=cluster.name)

    def _executions_arn(self, machine: sfn.StateMachine) -> str:
        return self.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{machine.state_machine_name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


def _alarm_names(config: Config) -> list[str]:
    return list(dict.fromkeys(alarm for workload in config.workloads for alarm in workload.alarms))


def _start(schedule: ScheduleConfig) -> Start:
    return Start(
        name=schedule.name,
        expression=schedule.expression,
        timezone=schedule.timezone,
        plan=schedule.plan,
        enabled=schedule.enabled,
        max_age=schedule.max_age,
    )


def _event_start(rule: EventStartConfig) -> EventStart:
    return EventStart(
        name=rule.name,
        source=rule.source,
        detail_type=rule.detail_type,
        detail=rule.detail,
        plan=rule.plan,
        enabled=rule.enabled,
        max_age=rule.max_age,
    )
