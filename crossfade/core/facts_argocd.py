"""What is read of Argo CD before the first write: plain values, for `checks.argocd`. This file knows no API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """
    An Application.

    Attributes:
        name: For people, with namespace and cluster.
        lack: Why nothing of it is known; empty when it was read.
        sync: Synced, OutOfSync or Unknown; empty before the first comparison.
        health: Healthy, Progressing, Degraded, Suspended, Missing or Unknown.
        phase: Of the last sync; empty before the first one.
        message: Of the last sync.
        manages: Whether it renders the workload's objects.
        automated: Whether it syncs by itself.
        heals: Whether it puts back what is changed by hand.
        leaves_weights: Whether its syncs leave the weight annotation as it is.
        several: Whether it has several sources.
        generated: Whether an ApplicationSet makes it.
    """

    name: str
    lack: str = ""
    sync: str = ""
    health: str = ""
    phase: str = ""
    message: str = ""
    manages: bool = False
    automated: bool = False
    heals: bool = False
    leaves_weights: bool = False
    several: bool = False
    generated: bool = False


@dataclass(frozen=True, slots=True)
class ArgoCdFacts:
    """
    What Argo CD has to do with one workload in one cluster.

    Attributes:
        applications: From the source to the objects; for other routers than argocd, the one that renders them.
        version: Such as `2.13.3`; empty when it was not to be seen.
        affected: Whether that version leaves changed values alone in Applications with several sources.
        source: What the weight is rendered from, for people; empty for other routers.
        weight: What it says; None when that is absent or unreadable.
        by_chart: Whether nothing is set there and the values of the chart count instead.
        lack: Why it could not be read; empty when it was.
    """

    applications: tuple[ApplicationFacts, ...]
    version: str = ""
    affected: bool = False
    source: str = ""
    weight: int | None = None
    by_chart: bool = False
    lack: str = ""
