"""What a reading of the live annotation becomes when its source has been read as well. Pure; knows no API server."""

from collections.abc import Sequence
from dataclasses import replace

from crossfade.adapters.argocd_api import Object
from crossfade.adapters.argocd_objects import last_sync, status_of, sync_of
from crossfade.adapters.argocd_sources import Held
from crossfade.core.traffic import SideReading, Source
from crossfade.core.workload import Workload
from crossfade.errors import CrossfadeError, RouterUnavailableError


def with_source(
    at: SideReading, workload: Workload, held: Held | CrossfadeError, applications: Sequence[Object | CrossfadeError]
) -> SideReading:
    """
    *at*, knowing what its source says and whether Argo CD renders that.

    Args:
        at: The live annotation and the authority.
        workload: Whose.
        held: The source, or why it could not be read.
        applications: Those from there to the Ingress, or why one could not be read.
    """
    if isinstance(held, CrossfadeError):
        silent = isinstance(held, RouterUnavailableError)
        return replace(at, source=Source(None, note=str(held), reachable=not silent))
    known = [each for each in applications if not isinstance(each, CrossfadeError)]
    differs = _difference(known, workload)
    weight = at.declared if held.by_chart and not differs else held.weight  # the chart's values are then the live ones
    note = held.note if weight != at.declared else differs
    epoch = min(at.epoch, held.epoch) if at.reachable else held.epoch
    return replace(at, epoch=epoch, source=Source(weight, follows=not differs, note=note))


def _difference(applications: Sequence[Object], workload: Workload) -> str:
    """Why Argo CD would change the Ingress of *workload*; empty when it would not, or cannot tell."""
    if not any(status_of(application, workload) == "OutOfSync" for application in applications):
        return ""
    behind = [application for application in applications if sync_of(application) == "OutOfSync"]
    return "; ".join(_behind(application) for application in behind) or "its Application is out of sync"


def _behind(application: Object) -> str:
    name = f"Application {application['metadata']['namespace']}/{application['metadata']['name']}"
    phase, message = last_sync(application)
    tail = f", its last sync is {phase}: {message or 'no message'}" if phase not in ("", "Succeeded") else ""
    return f"{name} still renders another weight (OutOfSync{tail})"
