"""What is read of a cluster: objects, bindings, containers, and how paths name their kinds. Plain data, no client."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
"""An object as the API server shows it."""


@dataclass(frozen=True, slots=True)
class Resource:
    """
    A kind of objects, as paths name it.

    Attributes:
        kind: For people.
        group: Empty for the core.
        version: Of the group.
        plural: In paths.
    """

    kind: str
    group: str
    version: str
    plural: str

    def path(self, namespace: str = "", name: str = "") -> str:
        """The path of one object, of all of them in a namespace, or of all of them everywhere."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root, *(("namespaces", namespace) if namespace else ()), self.plural, *((name,) if name else ())]
        return "/".join(parts)


@dataclass(frozen=True, slots=True)
class Annotated:
    """
    What is read of an object of which the annotations matter alone.

    Attributes:
        annotations: All of them.
        resource_version: The precondition of a write that rests on this reading.
    """

    annotations: Mapping[str, str]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Held:
    """
    An object that was read.

    Attributes:
        document: All of it.
    """

    document: Document

    @property
    def annotations(self) -> Mapping[str, str]:
        """All of them."""
        found: Mapping[str, str] = self.document["metadata"].get("annotations") or {}
        return found

    @property
    def resource_version(self) -> str:
        """The precondition of a write that rests on this reading."""
        return str(self.document["metadata"]["resourceVersion"])


@dataclass(frozen=True, slots=True)
class Binding:
    """
    A TargetGroupBinding.

    Attributes:
        group: ARN or name of the target group that it leads to; empty when it names none.
        service: The Service whose pods it registers; empty when it names none.
    """

    group: str
    service: str


@dataclass(frozen=True, slots=True)
class Container:
    """
    How a Deployment runs its program.

    Attributes:
        image: With tag or digest.
        arguments: Command and arguments, in order.
        environment: Variables with literal values.
    """

    image: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
