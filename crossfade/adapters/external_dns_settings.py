"""What an ExternalDNS is told, read from its Deployment: flags first, then the environment, then its defaults.

Pure; knows no API server. Source of flags, variables and defaults: ExternalDNS, pkg/apis/externaldns/types.go.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from crossfade.adapters.external_dns_dialect import prefix_of
from crossfade.adapters.kubernetes_api import container_of
from crossfade.adapters.kubernetes_objects import Container
from crossfade.core.facts import ControllerFacts

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600}
_CACHES: Final = ("provider-cache-time", "txt-cache-interval")


def controller_of(deployment: Mapping[str, Any]) -> ControllerFacts:
    """
    The ExternalDNS that *deployment* runs.

    Args:
        deployment: As the API server shows it, with its status.
    """
    container = container_of(deployment)
    caches = [_duration(_value(container, flag, "0s")) or timedelta(0) for flag in _CACHES]
    return ControllerFacts(
        ready=int((deployment.get("status") or {}).get("readyReplicas", 0)),
        prefix=prefix_of(container) or "",
        owner=_value(container, "txt-owner-id", "default"),
        policy=_value(container, "policy", "sync"),
        registry=_value(container, "registry", "txt"),
        sources=tuple(_values(container, "source")),
        domains=tuple(value.strip(".").lower() for value in _values(container, "domain-filter") if value.strip(".")),
        dry_run=_switch(container, "dry-run"),
        interval=_duration(_value(container, "interval", "1m")),
        cache=max(caches),
        events=_switch(container, "events"),
    )


def _switch(container: Container, flag: str) -> bool:
    return _value(container, flag, "false").lower() in {"", "true", "1"}


def _value(container: Container, flag: str, default: str) -> str:
    return next(_values(container, flag), default)


def _values(container: Container, flag: str) -> Iterator[str]:
    """All values of *flag*, in order; a flag without one, such as `--dry-run`, is empty."""
    found = False
    for argument, following in pairwise((*container.arguments, "")):
        name, equals, value = argument.partition("=")
        if name == f"--{flag}":
            found = True
            yield value if equals or following.startswith("-") else following
    variable = f"EXTERNAL_DNS_{flag.upper().replace('-', '_')}"
    if not found and variable in container.environment:
        yield from container.environment[variable].splitlines()


def _duration(text: str) -> timedelta | None:
    """A duration as Go writes it, such as `1m30s`; None for anything else."""
    parts = _DURATION.findall(text)
    if "".join(f"{number}{unit}" for number, unit in parts) != text or not parts:
        return None
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
