"""Record sets of a zone as the world speaks of them, and what a resolver is answered. Plain data."""

from dataclasses import dataclass
from typing import Any, Self

from moto.route53.models import RecordSet

_LOAD_BALANCER_ZONE = "Z32O12XQLTSW2"
"""The hosted zone of load balancers in eu-west-1; nothing here depends on it."""


@dataclass(frozen=True, slots=True)
class Record:
    """
    One resource record set.

    Attributes:
        name: Lower case, without a trailing dot.
        type: `A`, `AAAA`, `TXT`, …
        set_identifier: Of a weighted record; None for a simple one.
        weight: 0 to 255; None for a simple record.
        target: DNS name of an alias, without a trailing dot; None for others.
        evaluate_target_health: Whether an alias counts as healthy only while its target is.
        ttl: In seconds; None for an alias.
        values: Of a record that is no alias.
        health_check: Id of the health check that it needs to be healthy; None for none.
    """

    name: str
    type: str
    set_identifier: str | None = None
    weight: int | None = None
    target: str | None = None
    evaluate_target_health: bool = False
    ttl: int | None = None
    values: tuple[str, ...] = ()
    health_check: str | None = None

    @classmethod
    def of(cls, stored: RecordSet) -> Self:
        """What moto has stored."""
        alias = stored.alias_target or {}
        return cls(
            name=stored.name.rstrip(".").lower(),
            type=str(stored.type),
            set_identifier=stored.set_identifier,
            weight=None if stored.weight is None else int(stored.weight),
            target=alias["DNSName"].rstrip(".").lower() if alias else None,
            evaluate_target_health=bool(alias.get("EvaluateTargetHealth", False)),
            ttl=None if stored.ttl is None else int(stored.ttl),
            values=tuple(sorted(stored.records or ())),
            health_check=stored.health_check_id or None,
        )

    @property
    def key(self) -> "RecordKey":
        """What makes it one of its kind."""
        return self.name, self.type, self.set_identifier or ""

    def as_request(self) -> dict[str, Any]:
        """As a ResourceRecordSet of the API."""
        request: dict[str, Any] = {"Name": self.name, "Type": self.type}
        if self.set_identifier is not None:
            request["SetIdentifier"] = self.set_identifier
        if self.weight is not None:
            request["Weight"] = self.weight
        if self.health_check is not None:
            request["HealthCheckId"] = self.health_check
        if self.target is None:
            return request | {"TTL": self.ttl, "ResourceRecords": [{"Value": value} for value in self.values]}
        alias = {"DNSName": self.target, "EvaluateTargetHealth": self.evaluate_target_health}
        return request | {"AliasTarget": {"HostedZoneId": _LOAD_BALANCER_ZONE, **alias}}

    @property
    def label(self) -> str:
        """As the service's refusals name it."""
        identifier = f", set identifier='{self.set_identifier}'" if self.set_identifier else ""
        return f"[name='{self.name}.', type='{self.type}'{identifier}]"


RecordKey = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One record that authoritative servers may answer with.

    Attributes:
        record: It.
        share: How often it is the answer, 0.0 to 1.0; 0 while it is not considered.
        is_healthy: Route 53's verdict.
    """

    record: Record
    share: float
    is_healthy: bool
