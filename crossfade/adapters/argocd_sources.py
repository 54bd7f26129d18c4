"""The two places from which Argo CD renders a weight: the annotation of a cluster Secret, a Helm parameter.

A place is read, written with a fence, and rehearsed; it knows neither the Ingress nor Route 53. A key is never taken
away: a template that finds none renders 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crossfade.adapters.argocd_api import ArgoCdApi
from crossfade.adapters.argocd_objects import has_source, parameter_of, with_parameter
from crossfade.adapters.external_dns_dialect import epoch_of, parse_weight
from crossfade.core.argocd import ArgoCd, HelmParameter
from crossfade.core.weight import WEIGHT_MAX
from crossfade.errors import RouterObjectMissingError, RouterRefusedError, SupersededError
from crossfade.names import EPOCH_ANNOTATION


@dataclass(frozen=True, slots=True)
class Held:
    """
    What a place says.

    Attributes:
        weight: 0 to 255; None when it is absent or unreadable.
        epoch: Of the last writer of ours, 0 when there is none.
        note: What it says, for people.
        by_chart: Whether nothing is set here and the values of the chart count instead.
    """

    weight: int | None
    epoch: int
    note: str
    by_chart: bool = False


class Place(Protocol):
    """One write point on one side; two workloads with equal places share one weight."""

    def read(self) -> Held:
        """
        What it says.

        Raises:
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """

    def write(self, weight: int | None, epoch: int) -> None:
        """
        Set *weight* (None: leave it) and stamp *epoch*; what is so already is not written again.

        Raises:
            SupersededError: A younger epoch has stamped it.
            WriteConflictError: It was changed in between.
            RouterObjectMissingError, RouterRefusedError, RouterUnavailableError: As `KubernetesApi` has it.
        """

    def rehearse(self) -> None:
        """
        Send, as a dry run, the write that a rollback would send: the weight of now, with the next epoch.

        Raises:
            CrossfadeError: It would not be accepted, or there is no weight to return to.
        """


def place_of(api: ArgoCdApi, argocd: ArgoCd) -> Place:
    """
    Where the weight of *argocd*, with all names in full, stands.

    Raises:
        RouterRefusedError: It names no place.
    """
    if argocd.secret:
        return SecretPlace(api, argocd.namespace, argocd.secret.name, argocd.secret.key)
    if argocd.parameter:
        return ParameterPlace(api, argocd.namespace, argocd.parameter)
    msg = "argocd: names neither a secret nor a parameter; name one in crossfade.yaml"
    raise RouterRefusedError(msg)


@dataclass(frozen=True)
class SecretPlace:
    """See `Place`: an annotation of the Secret by which Argo CD knows a cluster."""

    api: ArgoCdApi
    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return self.api.place("Secret", self.namespace, self.name)

    def read(self) -> Held:
        """See `Place.read`."""
        annotations = self.api.secret(self.namespace, self.name).annotations
        value = annotations.get(self.key)
        says = f"says {value!r} in {self.key}" if value is not None else f"has no {self.key}, which is rendered as 0"
        return Held(_weight(value), epoch_of(annotations), f"{self} {says}")

    def write(self, weight: int | None, epoch: int) -> None:
        """See `Place.write`."""
        held = self.api.secret(self.namespace, self.name)
        _check_epoch(self, held.annotations, epoch)
        patch = {EPOCH_ANNOTATION: str(epoch)} if weight is None else self._patch(weight, epoch)
        if any(held.annotations.get(key) != value for key, value in patch.items()):
            self.api.annotate_secret(self.namespace, self.name, patch, resource_version=held.resource_version)

    def rehearse(self) -> None:
        """See `Place.rehearse`."""
        held = self.api.secret(self.namespace, self.name)
        weight = _weight(held.annotations.get(self.key))
        if weight is None:
            msg = f"{self} has no weight to return to; annotate it with {self.key}, from 0 to {WEIGHT_MAX}"
            raise RouterObjectMissingError(msg)
        patch = self._patch(weight, epoch_of(held.annotations) + 1)
        version = held.resource_version
        self.api.annotate_secret(self.namespace, self.name, patch, resource_version=version, dry_run=True)

    def _patch(self, weight: int, epoch: int) -> dict[str, str]:
        return {self.key: str(weight), EPOCH_ANNOTATION: str(epoch)}


@dataclass(frozen=True)
class ParameterPlace:
    """See `Place`: a Helm parameter of an Application. Where it is not set, the values of the chart count."""

    api: ArgoCdApi
    namespace: str
    parameter: HelmParameter

    def __str__(self) -> str:
        return self.api.place("Application", self.namespace, self.parameter.application)

    def read(self) -> Held:
        """See `Place.read`."""
        application = self._application()
        value = parameter_of(application, self.parameter)
        says = f"says {value!r}" if value is not None else "is not set"
        note = f"the parameter {self.parameter.name} of {self} {says}"
        return Held(_weight(value), epoch_of(_annotations(application)), note, by_chart=value is None)

    def write(self, weight: int | None, epoch: int) -> None:
        """See `Place.write`."""
        application = self._application()
        _check_epoch(self, _annotations(application), epoch)
        is_new = weight is not None and parameter_of(application, self.parameter) != str(weight)
        if is_new or epoch_of(_annotations(application)) != epoch:
            patch = with_parameter(application, self.parameter, str(weight)) if is_new else {}
            self.api.patch_application(application, {**patch, **_stamped(epoch)})

    def rehearse(self) -> None:
        """See `Place.rehearse`."""
        application = self._application()
        value = parameter_of(application, self.parameter) or "0"
        patch = with_parameter(application, self.parameter, value)
        stamp = _stamped(epoch_of(_annotations(application)) + 1)
        self.api.patch_application(application, {**patch, **stamp}, dry_run=True)

    def _application(self) -> Mapping[str, Any]:
        application = self.api.application(self.namespace, self.parameter.application)
        if not has_source(application, self.parameter):
            at = "spec.source" if self.parameter.source is None else f"spec.sources[{self.parameter.source}]"
            msg = f"{self} has no {at}; correct parameter.source in crossfade.yaml"
            raise RouterObjectMissingError(msg)
        return application


def _weight(value: str | None) -> int | None:
    return None if value is None else parse_weight(value)


def _annotations(application: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = application["metadata"].get("annotations") or {}
    return found


def _stamped(epoch: int) -> dict[str, Any]:
    return {"metadata": {"annotations": {EPOCH_ANNOTATION: str(epoch)}}}


def _check_epoch(place: Place, annotations: Mapping[str, str], epoch: int) -> None:
    if (held := epoch_of(annotations)) > epoch:
        msg = f"{place} carries epoch {held}, a younger one than our {epoch}; this run writes no more"
        raise SupersededError(msg)
