"""Argo CD in a cluster: its resources first."""

from typing import Final

from world.kubernetes import Store
from world.kubernetes.resources import Resource

APPLICATIONS: Final = Resource("argoproj.io", "v1alpha1", "applications", "Application", is_custom=True)
"""Argo CD's definition has no subresource for the status."""
APPLICATION_SETS: Final = Resource("argoproj.io", "v1alpha1", "applicationsets", "ApplicationSet", is_custom=True)


def install(store: Store) -> None:
    """Let the cluster of *store* have Argo CD's resources."""
    store.catalogue.add(APPLICATIONS)
    store.catalogue.add(APPLICATION_SETS)
