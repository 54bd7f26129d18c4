"""The composition root: which adapter keeps which promise. The only reader of os.environ.

Every part is made when it is first asked for, so a function that only reads CloudWatch never loads the
Kubernetes client. That is why adapters are imported inside the methods.
"""

import os
from functools import cached_property, lru_cache
from pathlib import Path

from crossfade.core.config import Config
from crossfade.errors import InvalidConfigError
from crossfade.names import CONFIG_FILE, Env
from crossfade.ports import AlarmSource, Ledger, Notifier, TrafficRouter


class Wired:
    """
    The parts of one function.

    Args:
        table: Name of the ledger's table.
        topic_arn: Of the topic for notices.
        config_file: Path of the deployed configuration.
    """

    def __init__(self, *, table: str, topic_arn: str, config_file: str) -> None:
        self._table = table
        self._topic_arn = topic_arn
        self._config_file = Path(config_file)

    @cached_property
    def config(self) -> Config:
        """The deployed configuration."""
        return Config.from_json(self._config_file.read_text(encoding="utf-8"))

    @cached_property
    def ledger(self) -> Ledger:
        """The record of migrations."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.dynamodb_ledger import DynamoLedger

        return DynamoLedger(client("dynamodb"), table=self._table)

    @cached_property
    def router(self) -> TrafficRouter:
        """The weights in both clusters."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.eks import ClusterAccess
        from crossfade.adapters.external_dns import ExternalDnsRouter
        from crossfade.adapters.route53 import RecordReader

        config = self.config
        raise NotImplementedError(client, ClusterAccess, ExternalDnsRouter, RecordReader, config)

    @cached_property
    def alarms(self) -> AlarmSource:
        """CloudWatch, in the Region of the state machine."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.cloudwatch import CloudWatchAlarms

        return CloudWatchAlarms(client("cloudwatch"))

    @cached_property
    def notifier(self) -> Notifier:
        """The topic that people listen to."""
        from crossfade.adapters.aws import client
        from crossfade.adapters.sns import SnsNotifier

        return SnsNotifier(client("sns"), topic_arn=self._topic_arn)


def wired() -> Wired:
    """
    The parts that this function's environment asks for, made once an environment.

    Raises:
        InvalidConfigError: A variable is missing.
    """
    missing = [name.value for name in (Env.TABLE, Env.TOPIC_ARN) if not os.environ.get(name.value)]
    if missing:
        raise InvalidConfigError([f"{name}: this environment variable is missing; deploy again" for name in missing])
    beside_the_code = Path(__file__).resolve().parent.parent / CONFIG_FILE
    config_file = os.environ.get(Env.CONFIG_FILE.value) or str(beside_the_code)
    return _wire(os.environ[Env.TABLE.value], os.environ[Env.TOPIC_ARN.value], config_file)


@lru_cache(maxsize=4)
def _wire(table: str, topic_arn: str, config_file: str) -> Wired:
    return Wired(table=table, topic_arn=topic_arn, config_file=config_file)
