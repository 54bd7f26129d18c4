"""The stack: it composes the constructs, and lets them meet."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from crossfade.core.blocks.starts import EventStartConfig, ScheduleConfig
from crossfade.core.config import Config
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
        self._config = config
        self._ledger = LedgerTable(self, "Ledger")
        self._notifications = Notifications(self, "Notifications", emails=config.notifications.emails)
        self._chat_topic = self._chat()
        self._bus = events.EventBus.from_event_bus_name(self, "Bus", config.notifications.event_bus)
        self._reports = ReportBucket(self, "Reports")
        self._functions = self._all_functions(code)
        self._machine = Machine(
            self,
            "Machine",
            functions=self._functions.versions,
            topic=self._notifications.topic,
            table=self._ledger.table,
            sample_input={"plan": config.default_plan, "dryRun": True, "reason": "rehearsal"},
        ).machine
        monitoring = self._monitoring({**self._helpers(), **self._starts()})
        dashboard = self._dashboard(monitoring)
        grant_all(self._functions.roles, self._resources())
        self.kubernetes_roles = {function: self._functions.roles[function] for function in KUBERNETES_FUNCTIONS}
        self._outputs(dashboard)

    # --- What it is made of ------------------------------------------------------------------------------------------

    def _chat(self) -> sns.ITopic | None:
        told = self._config.notifications.chat
        return Chat(self, "Chat", slack=told.slack).topic if told else None

    def _all_functions(self, code: lambda_.Code) -> Functions:
        return Functions(
            self,
            "Functions",
            code=code,
            table_name=self._ledger.table.table_name,
            topic_arn=self._notifications.topic.topic_arn,
            event_bus=self._config.notifications.event_bus,
            reports=self._reports.bucket.bucket_name,
            chat_topic_arn=self._chat_topic.topic_arn if self._chat_topic else None,
        )

    def _helpers(self) -> dict[str, sqs.Queue]:
        """Add what wakes functions that no state calls; the value is where events end that did not arrive."""
        guardian = Guardian(
            self,
            "Guardian",
            function=self._functions.by_name[Function.GUARDIAN],
            machine_arn=self._machine.state_machine_arn,
        )
        AlarmBell(
            self,
            "AlarmBell",
            function=self._functions.by_name[Function.LATCH_ALARM],
            alarms=_alarm_names(self._config),
            dead_letters=guardian.dead_letters,
        )
        report_rules = ReportRules(
            self,
            "ReportRules",
            function=self._functions.by_name[Function.REPORT],
            machine_arn=self._machine.state_machine_arn,
            bus=self._bus,
        )
        return {"Guardian": guardian.dead_letters, "Report": report_rules.dead_letters}

    def _starts(self) -> dict[str, sqs.Queue]:
        """Add what starts migrations beside people; the value is where starts end that did not arrive."""
        lost: dict[str, sqs.Queue] = {}
        triggers = self._config.triggers
        if triggers.events:
            rules = [_event_start(each) for each in triggers.events]
            added = EventRules(self, "EventRules", machine=self._machine, bus=self._bus, starts=rules)
            lost["Event"] = added.dead_letters
        if triggers.schedules:
            starts = [_start(schedule) for schedule in triggers.schedules]
            arn = self._machine.state_machine_arn
            lost["Schedule"] = Schedules(self, "Schedules", machine_arn=arn, starts=starts).dead_letters
        return lost

    def _monitoring(self, dead_letters: Mapping[str, sqs.Queue]) -> Monitoring:
        return Monitoring(
            self,
            "Monitoring",
            machine=self._machine,
            functions=self._functions.by_name,
            topic=self._notifications.topic,
            dead_letters=dead_letters,
        )

    def _dashboard(self, monitoring: Monitoring) -> Dashboard:
        return Dashboard(
            self,
            "Dashboard",
            config=self._config,
            sources=Sources(
                machine=self._machine,
                functions=self._functions.by_name,
                log_groups=list(self._functions.log_groups.values()),
                own_alarms=monitoring.alarms,
                judging_alarms=self._alarm_arns(),
            ),
        )

    # --- Where its parts meet ----------------------------------------------------------------------------------------

    def _resources(self) -> Resources:
        """All that functions may be allowed to touch."""
        config = self._config
        return Resources(
            table=self._ledger.table.table_arn,
            topic=self._notifications.topic.topic_arn,
            chat_topic=self._chat_topic.topic_arn if self._chat_topic else None,
            bus=self._bus.event_bus_arn,
            reports=self._reports.bucket.arn_for_objects("migrations/*"),
            zone=f"arn:{self.partition}:route53:::hostedzone/{config.hosted_zone.id}",
            records=changeable(config),
            rules=tuple(workload.alb.rule for workload in config.workloads if workload.alb),
            parameters=self._parameters_arn(),
            clusters=tuple(self._cluster_arn(each) for each in config.all_clusters),
            executions=self._executions_arn(),
            machine=self._machine.state_machine_arn,
            switches=Switches(self, "Switches", zone=config.hosted_zone, workloads=config.workloads).arns,
        )

    def _outputs(self, dashboard: Dashboard) -> None:
        add_outputs(
            self,
            machine_arn=self._machine.state_machine_arn,
            dashboard_name=dashboard.name,
            topic_arn=self._notifications.topic.topic_arn,
            table_name=self._ledger.table.table_name,
            chat_topic_arn=self._chat_topic.topic_arn if self._chat_topic else None,
            report_bucket=self._reports.bucket.bucket_name,
            roles=self.kubernetes_roles,
        )

    # --- Names of what is elsewhere ----------------------------------------------------------------------------------

    def _alarm_arns(self) -> list[str]:
        place = f"arn:{self.partition}:cloudwatch:{self._config.clusters.green.region}:{self.account}"
        return [f"{place}:alarm:{name}" for name in _alarm_names(self._config)]

    def _parameters_arn(self) -> str:
        name = weight_parameter(self._config.hosted_zone.name, "*").removeprefix("/")
        return self.format_arn(service="ssm", resource="parameter", resource_name=name)

    def _cluster_arn(self, cluster: Cluster) -> str:
        return self.format_arn(service="eks", region=cluster.region, resource="cluster", resource_name=cluster.name)

    def _executions_arn(self) -> str:
        return self.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._machine.state_machine_name}:*",
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
