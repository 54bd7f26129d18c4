"""The composition root: which adapter keeps which promise. The only reader of os.environ.

Every part is made when it is first asked for, so a function that only reads CloudWatch never loads the
Kubernetes client. That is why adapters are imported inside the methods.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossfade.core.config import Config
from crossfade.errors import InvalidConfigError
from crossfade.names import CONFIG_FILE, Env
from crossfade.parts import Parts
from crossfade.ports import (
    AlarmSource,
    Announcer,
    EstateReader,
    Executions,
    Ledger,
    MetricSource,
    Notifier,
    Probe,
    Reports,
    Switch,
    TrafficRouter,
    WeightsOfRecord,
)
from crossfade.wiring_traffic import Traffic

if TYPE_CHECKING:
    import boto3

    from crossfade.adapters.chat import ChatTopic
    from crossfade.adapters.https_probe import Network
    from crossfade.adapters.load_balancers import LoadBalancers

REGION: Final = "AWS_REGION"
"""Set by Lambda itself."""


class Wired:
    """
    The parts of one function.

    Args:
        table: Name of the ledger's table.
        topic_arn: Of the topic for notices.
        chat_topic_arn: Of the topic for a chat; empty when there is none.
        event_bus: Name of the bus for announcements.
        reports: Name of the bucket for reports.
        config_file: Path of the deployed configuration.
        region: Of the state machine, the table, the topic and the alarms.
        session: Whose credentials open the clusters; those of the environment if there is none.
        network: How load balancers are reached; over the internet if there is none. Only code can give another one.
    """

    def __init__(
        self,
        *,
        table: str,
        topic_arn: str,
        config_file: str,
        region: str,
        chat_topic_arn: str = "",
        event_bus: str = "default",
        reports: str = "",
        session: "boto3.Session | None" = None,
        network: "Network | None" = None,
    ) -> None:
        self._session = session
        self._network = network
        self._region = region
        self._table = table
        self._topic_arn = topic_arn
        self._chat_topic_arn = chat_topic_arn
        self._event_bus = event_bus
        self._reports = reports
        self._config_file = Path(config_file)

    @cached_property
    def config(self) -> Config:
        """The deployed configuration."""
        return Config.from_json(self._config_file.read_text(encoding="utf-8"))

    @cached_property
    def ledger(self) -> Ledger:
        """The record of migrations; what is news in it is announced."""
        from crossfade.adapters.announcing_ledger import AnnouncingLedger
        from crossfade.adapters.aws import client
        from crossfade.adapters.dynamodb_ledger import DynamoLedger

        return AnnouncingLedger(DynamoLedger(client("dynamodb", self._region), table=self._table), self._announcer())

    def _announcer(self) -> Announcer:
        from crossfade.adapters.audience import Announcers
        from crossfade.adapters.aws import client
        from crossfade.adapters.event_bus import EventBus

        bus = EventBus(client("events", self._region, attempts=1), bus=self._event_bus)
        return Announcers([bus, self._chat()] if self._chat_topic_arn else [bus])

    def _chat(self) -> "ChatTopic":
        from crossfade.adapters.aws import client
        from crossfade.adapters.chat import ChatTopic

        return ChatTopic(client("sns", self._region, attempts=1), topic_arn=self._chat_topic_arn)

    @cached_property
    def _traffic(self) -> Traffic:
        return Traffic(self.config, region=self._region, session=self._session)

    @property
    def router(self) -> TrafficRouter:
        """The weights of all workloads, each through its own router."""
        return self._traffic.router

    @property
    def rescue(self) -> TrafficRouter:
        """The weights of all workloads, written to what users ask: Route 53 itself, or the listener rule."""
        return self._traffic.rescue

    @cached_property
    def alarms(self) -> AlarmSource:
        """CloudWatch, in the Region of the state machine."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.cloudwatch import CloudWatchAlarms

        return CloudWatchAlarms(client("cloudwatch", self._region))

    @cached_property
    def estate(self) -> EstateReader:
        """What the preflight looks at, in both clusters and around them."""
        from crossfade.adapters.argocd_survey import ArgoCdSurvey
        from crossfade.adapters.aws import client
        from crossfade.adapters.cloudwatch import CloudWatchAlarms
        from crossfade.adapters.estate import EstateSurvey
        from crossfade.adapters.health_checks import STATUS_REGION, HealthChecks
        from crossfade.adapters.insights import Insights

        regions = {self.config.clusters.blue.region, self.config.clusters.green.region}
        clusters = self._traffic.clusters
        route53 = client("route53", self._region)
        return EstateSurvey(
            clusters,
            route53,
            {region: client("elbv2", region) for region in sorted(regions)},
            CloudWatchAlarms(client("cloudwatch", self._region)),
            ArgoCdSurvey(clusters, self._traffic.argocds),
            insights=Insights({region: client("eks", region) for region in sorted(regions)}),
            health_checks=HealthChecks(route53, lambda: client("cloudwatch", STATUS_REGION)),
        )

    @cached_property
    def metrics(self) -> MetricSource:
        """The load balancers' metrics, in the Regions of the clusters."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.cloudwatch_metrics import CloudWatchMetrics

        regions = dict.fromkeys((self.config.clusters.blue.region, self.config.clusters.green.region))
        cloudwatch = {region: client("cloudwatch", region, attempts=2) for region in regions}
        return CloudWatchMetrics(self._balancers, cloudwatch)

    @cached_property
    def switch(self) -> Switch:
        """The health checks on green's records, in the Region of the state machine."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.cloudwatch_switch import CloudWatchSwitch

        return CloudWatchSwitch(client("cloudwatch", self._region))

    @cached_property
    def probe(self) -> Probe:
        """The load balancers themselves, asked over HTTPS."""
        from crossfade.adapters.https_probe import HttpsProbe, Network

        return HttpsProbe(self._balancers, self._network or Network())

    @cached_property
    def _balancers(self) -> "LoadBalancers":
        """One for metrics and probe: what one has just found the other needs not look up again."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.load_balancers import LoadBalancers
        from crossfade.adapters.route53 import RecordReader

        sides = self._traffic.sides
        records = RecordReader(client("route53", self._region, attempts=2), self.config.hosted_zone.id)
        regions = dict.fromkeys(cluster.region for cluster in sides.values())
        elb = {region: client("elbv2", region, attempts=2) for region in regions}
        return LoadBalancers(records, sides, elb)

    @cached_property
    def weights(self) -> WeightsOfRecord:
        """Where Terraform and people find the weights."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.ssm_weights import SsmWeights

        return SsmWeights(client("ssm", self._region))

    @cached_property
    def executions(self) -> Executions:
        """The executions of the state machine."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.step_functions import StepFunctionsExecutions

        return StepFunctionsExecutions(client("stepfunctions", self._region))

    @cached_property
    def reports(self) -> Reports:
        """The bucket for reports."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.s3_reports import S3Reports

        return S3Reports(client("s3", self._region), bucket=self._reports)

    @property
    def environment(self) -> str:
        """Where it runs, as the report says it: aws or embedded."""
        return "embedded" if os.environ.get(Env.EMBEDDED.value) else "aws"

    @cached_property
    def notifier(self) -> Notifier:
        """The topic that people listen to, and their chat if there is one."""
        from crossfade.adapters.audience import Notifiers
        from crossfade.adapters.aws import client
        from crossfade.adapters.sns import SnsNotifier

        mail = SnsNotifier(client("sns", self._region, attempts=1), topic_arn=self._topic_arn)
        return Notifiers([mail, self._chat()] if self._chat_topic_arn else [mail])


_given: ContextVar[Parts | None] = ContextVar("given", default=None)


@contextmanager
def given(parts: Parts) -> Iterator[None]:
    """Inside, every door gets *parts*: for a host that brings its own world, such as a simulator."""
    token = _given.set(parts)
    try:
        yield
    finally:
        _given.reset(token)


def wired(network: "Network | None" = None) -> Parts:
    """
    The parts that this function's environment asks for, made once an environment.

    Args:
        network: For a host that has load balancers of its own: how they are reached.

    Raises:
        InvalidConfigError: A variable is missing.
    """
    if (parts := _given.get()) is not None:
        return parts
    return wired_here(network)


def wired_here(network: "Network | None" = None) -> Wired:
    """
    The same, never those of a host that brings its own world; with the reports, which no state of the machine needs.

    Raises:
        InvalidConfigError: A variable is missing.
    """
    needed = (Env.TABLE.value, Env.TOPIC_ARN.value, REGION)
    if missing := [name for name in needed if not os.environ.get(name)]:
        raise InvalidConfigError([f"{name}: this environment variable is missing; deploy again" for name in missing])
    beside_the_code = Path(__file__).resolve().parent.parent / CONFIG_FILE
    config_file = os.environ.get(Env.CONFIG_FILE.value) or str(beside_the_code)
    return _wire(
        table=os.environ[Env.TABLE.value],
        topic_arn=os.environ[Env.TOPIC_ARN.value],
        config_file=config_file,
        region=os.environ[REGION],
        chat_topic_arn=os.environ.get(Env.CHAT_TOPIC_ARN.value, ""),
        event_bus=os.environ.get(Env.EVENT_BUS.value, "default"),
        reports=os.environ.get(Env.REPORTS.value, ""),
        network=network,
    )


@lru_cache(maxsize=4)
def _wire(
    *,
    table: str,
    topic_arn: str,
    config_file: str,
    region: str,
    chat_topic_arn: str,
    event_bus: str,
    reports: str,
    network: "Network | None",
) -> Wired:
    return Wired(
        table=table,
        topic_arn=topic_arn,
        config_file=config_file,
        region=region,
        chat_topic_arn=chat_topic_arn,
        event_bus=event_bus,
        reports=reports,
        network=network,
    )
