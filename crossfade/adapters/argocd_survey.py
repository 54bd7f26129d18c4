"""Argo CD as the preflight sees it: the Applications of every workload, what they render from, the version.

Which Application an object belongs to, its tracking annotation says.
Source: https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from crossfade.adapters.argocd_api import ArgoCdApi, ArgoCds, Object
from crossfade.adapters.argocd_objects import (
    heals_itself,
    is_affected,
    is_automated,
    is_generated,
    last_sync,
    leaves_weights_alone,
    status_of,
    sync_of,
    version_of,
)
from crossfade.adapters.argocd_sources import Held, place_of
from crossfade.adapters.gathering import gather, raise_worst, split
from crossfade.adapters.kubernetes_api import KubernetesApi
from crossfade.core.facts_argocd import ApplicationFacts, ArgoCdFacts
from crossfade.core.plan import Plan
from crossfade.core.weight import Side
from crossfade.core.workload import Router, Workload
from crossfade.errors import PermanentError, RouterObjectMissingError
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX, WEIGHT_KEY

T = TypeVar("T")
_TRACKING: Final = "argocd.argoproj.io/tracking-id"
_NAMESPACE: Final = "argocd"
_WORKERS: Final = 8


class ArgoCdSurvey:
    """
    Reads what Argo CD has to do with the workloads of a plan.

    Args:
        clusters: The API server of each side, where the objects are.
        argocds: Argo CD's objects.
    """

    def __init__(self, clusters: Mapping[Side, KubernetesApi], argocds: ArgoCds) -> None:
        self._clusters = clusters
        self._argocds = argocds

    def read(self, plan: Plan) -> dict[tuple[str, Side], ArgoCdFacts]:
        """
        What Argo CD has to do with every workload that it renders, by name and side.

        Raises:
            PermanentError: Something else may not be read.
            TemporaryError: Something did not answer; ask again later.
        """
        places = [(workload, side) for workload in plan.workloads if workload.sources for side in Side]
        found = gather([partial(self._facts, *at) for at in places], workers=_WORKERS)
        raise_worst(split(found)[1])
        return {
            (workload.name, side): facts
            for (workload, side), facts in zip(places, found, strict=True)
            if isinstance(facts, ArgoCdFacts)
        }

    def _facts(self, workload: Workload, side: Side) -> ArgoCdFacts | None:
        if workload.router is Router.ARGOCD:
            return self._rendered(workload, side)
        return self._tracked(workload, side) if workload.router is Router.EXTERNAL_DNS else None

    def _rendered(self, workload: Workload, side: Side) -> ArgoCdFacts:
        api, argocd = self._argocds.of(workload, side)
        names = argocd.applications
        chain = tuple(_application(api, argocd.namespace, name, workload, ()) for name in names)
        version = version_of(api.image(argocd.namespace))
        held = _tried(place_of(api, argocd).read)
        lack = str(held) if isinstance(held, PermanentError) else ""
        said = held if isinstance(held, Held) else Held(None, 0, "")
        affected = is_affected(version)
        return ArgoCdFacts(chain, version, affected, said.note, said.weight, by_chart=said.by_chart, lack=lack)

    def _tracked(self, workload: Workload, side: Side) -> ArgoCdFacts | None:
        """The Application of a workload that Crossfade does not know to be rendered; None when there is none."""
        try:
            annotations = self._clusters[side].read(workload.sources[0]).annotations
        except RouterObjectMissingError:
            return None
        name = annotations.get(_TRACKING, "").partition(":")[0]
        if not name:
            return None
        namespace, _, short = name.rpartition("_")
        prefixes = [prefix for prefix in (ALPHA_PREFIX, STABLE_PREFIX) if f"{prefix}{WEIGHT_KEY}" in annotations]
        api = self._argocds.clusters[self._argocds.sides[side]]
        return ArgoCdFacts((_application(api, namespace or _NAMESPACE, short, workload, prefixes),))


def _application(
    api: ArgoCdApi, namespace: str, name: str, workload: Workload, prefixes: Sequence[str]
) -> ApplicationFacts:
    held = _tried(partial(api.application, namespace, name))
    place = api.place("Application", namespace, name)
    if isinstance(held, PermanentError):
        return ApplicationFacts(place, lack=str(held))
    return application_of(place, held, workload, prefixes)


def application_of(place: str, held: Object, workload: Workload, prefixes: Sequence[str]) -> ApplicationFacts:
    """The Application *held*, called *place*, as far as it is about *workload*."""
    phase, message = last_sync(held)
    return ApplicationFacts(
        place,
        sync=sync_of(held),
        health=str(((held.get("status") or {}).get("health") or {}).get("status", "")),
        phase=phase,
        message=message,
        manages=bool(status_of(held, workload)),
        automated=is_automated(held),
        heals=heals_itself(held),
        leaves_weights=leaves_weights_alone(held, str(workload.sources[0].kind), prefixes),
        several=bool(held["spec"].get("sources")),
        generated=is_generated(held),
    )


def _tried(read: Callable[[], T]) -> T | PermanentError:
    """What *read* gives, or why it never will."""
    try:
        return read()
    except PermanentError as error:
        return error
