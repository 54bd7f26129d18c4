"""Argo CD in one cluster: ApplicationSets render Applications, Applications render Ingresses and Applications.

Written from the behaviour of v2.8 to v3.2 (controller/appcontroller.go, controller/state.go, applicationset/).
A sync without self-heal happens once for what is in Git and in the Application's sources; a failed one is not tried
again. v2.13 to v3.1 leave changed values alone in Applications with several sources and no self-heal.
Limits: a loop every ten seconds stands for watches; every chart is the one of `argocd_rendering`; no hooks, no prune.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from world.argocd_rendering import (
    APPLICATION_SETS,
    APPLICATIONS,
    Resource,
    differs,
    generated,
    patch_of,
    rendered,
    resources_of,
    version_of,
)
from world.clock import Appointment, Clock
from world.kubernetes import ApiError, Object, Store

NAMESPACE: Final = "argocd"
INTERVAL: Final = timedelta(seconds=10)
_AFFECTED: Final = ((2, 13), (3, 2))
_ERROR: Final = "ComparisonError"


def install(store: Store) -> None:
    """Let the cluster of *store* have Argo CD's resources."""
    for resource in (APPLICATIONS, APPLICATION_SETS):
        store.catalogue.add(resource)


class ArgoCd:
    """
    The loops of one Argo CD, which looks after its own cluster, and after others where it is a hub.

    Args:
        clock: Its time.
        store: The objects of its own cluster, its Applications among them.
        git: What the charts render from: the manifests; those with a tracking id belong to an Application.
        others: The objects of further clusters, by the name that an Application's destination has.

    Attributes:
        is_stalled: True lets every sync begin and none end.
        git_is_down: True lets nothing be compared; what is live stays.
        degraded: Names of the Applications that are not healthy.
    """

    def __init__(
        self, clock: Clock, store: Store, git: Sequence[Object], others: Mapping[str, Store] = MappingProxyType({})
    ) -> None:
        self.is_stalled = False
        self.git_is_down = False
        self.degraded: set[str] = set()
        self._clock = clock
        self._store = store
        self._others = others
        self._git = resources_of(git)
        self._revision = 1
        self._seen = ""
        self._tried: dict[str, tuple[int, str]] = {}

    def start(self, phase: timedelta) -> Appointment:
        """Loop from *phase* from now on."""
        return self._clock.every(INTERVAL, self.reconcile, first=phase)

    def commit(self) -> None:
        """Somebody pushes to the repository; what the charts render stays the same."""
        self._revision += 1

    def adopt(self, application: Object, resources: Sequence[Object]) -> None:
        """From now on *application* renders *resources*, too, as they are given."""
        self._store.add(application)
        self._git[application["metadata"]["name"]] = [Resource.of(each) for each in resources]

    def reconcile(self) -> None:
        """Look once at everything; not again before something has changed."""
        before = self._state_of_things()
        if before == self._seen:
            return
        if not self.git_is_down:
            for application_set in self._store.all("ApplicationSet", NAMESPACE):
                self._generate(application_set)
        for application in self._store.all("Application", NAMESPACE):
            self._refresh(application["metadata"]["name"])
        self._seen = before if self._state_of_things() == before else ""

    def _state_of_things(self) -> str:
        switches = self._revision, self.git_is_down, self.is_stalled, sorted(self.degraded)
        versions = [store.resource_version for store in (self._store, *self._others.values())]
        return f"{versions} {switches}"

    # --- ApplicationSets ---------------------------------------------------------------------------------------------

    def _generate(self, application_set: Object) -> None:
        for application in generated(application_set, self._store.all("Secret", NAMESPACE)):
            name = application["metadata"]["name"]
            try:
                self._store.read("Application", NAMESPACE, name)
            except ApiError:
                self._store.add(application)
            else:
                self._store.merge("Application", NAMESPACE, name, {"spec": application["spec"]})

    # --- Applications ------------------------------------------------------------------------------------------------

    def _refresh(self, name: str) -> None:
        """Compare, sync if that is due, compare again."""
        application = self._store.read("Application", NAMESPACE, name)
        if self.git_is_down:
            self._report(name, {"sync": {"status": "Unknown"}, "conditions": [_condition()]})
            return
        is_synced = self._compare(application)
        if self._is_due(application, is_synced=is_synced):
            self._sync(application)
            self._compare(self._store.read("Application", NAMESPACE, name))

    def _compare(self, application: Object) -> bool:
        name = application["metadata"]["name"]
        states = {each: self._state(application, each) for each in self._git.get(name, ())}
        is_synced = "OutOfSync" not in states.values()
        health = "Degraded" if name in self.degraded else "Healthy"
        self._report(
            name,
            {
                "sync": {"status": "Synced" if is_synced else "OutOfSync", "revision": f"commit-{self._revision}"},
                "health": {"status": health},
                "resources": [{**each.reference, "status": state} for each, state in states.items()],
                "conditions": [],
            },
        )
        return is_synced

    def _state(self, application: Object, resource: Resource) -> str:
        live = self._live(application, resource)
        wanted = rendered(resource, application)
        return "OutOfSync" if live is None or differs(application, resource, wanted, live) else "Synced"

    def _destination(self, application: Object) -> Store:
        return self._others.get((application["spec"].get("destination") or {}).get("name", ""), self._store)

    def _live(self, application: Object, resource: Resource) -> Object | None:
        try:
            return self._destination(application).read(resource.kind, resource.namespace, resource.name)
        except ApiError:
            return None

    # --- Syncs -------------------------------------------------------------------------------------------------------

    def _is_due(self, application: Object, *, is_synced: bool) -> bool:
        if (application.get("status") or {}).get("operationState", {}).get("phase") == "Running":
            return not self.is_stalled
        if "operation" in application:
            return True
        automated = (application["spec"].get("syncPolicy") or {}).get("automated")
        name = application["metadata"]["name"]
        now = self._revision, json.dumps(_sources(application), sort_keys=True)
        before = self._tried.get(name)
        if is_synced or automated is None:
            self._tried.setdefault(name, now)
            return False
        if automated.get("selfHeal"):
            return now != before or not self._has_failed(application)
        has_old_commit = before is not None and now[0] == before[0] and self._is_left_alone(application)
        return now != before and not has_old_commit

    def _has_failed(self, application: Object) -> bool:
        return bool((application.get("status") or {}).get("operationState", {}).get("phase") == "Failed")

    def _is_left_alone(self, application: Object) -> bool:
        first, mended = _AFFECTED
        return "sources" in application["spec"] and first <= version_of(self._store) < mended

    def _sync(self, application: Object) -> None:
        name = application["metadata"]["name"]
        self._tried[name] = self._revision, json.dumps(_sources(application), sort_keys=True)
        self._store.merge("Application", NAMESPACE, name, {"operation": None})
        if self.is_stalled:
            self._report(name, {"operationState": {"phase": "Running", "message": "waiting for healthy state"}})
            return
        for resource in self._git.get(name, ()):
            live = self._live(application, resource)
            wanted = rendered(resource, application)
            if live is not None and (patch := patch_of(application, resource, wanted, live)):
                where = resource.kind, resource.namespace, resource.name
                self._destination(application).merge(*where, patch, manager="argocd-controller")
        self._report(name, {"operationState": {"phase": "Succeeded", "message": "successfully synced"}})

    def _report(self, name: str, status: Mapping[str, Any]) -> None:
        self._store.merge("Application", NAMESPACE, name, {"status": dict(status)}, manager="argocd-controller")


def _sources(application: Object) -> Any:
    return application["spec"].get("sources") or application["spec"].get("source")


def _condition() -> Object:
    return {"type": _ERROR, "message": "failed to load target state: connection refused"}
