"""Who last set a field of a Kubernetes object, as `metadata.managedFields` tells it. Pure; knows no API server.

The API server keeps these entries itself: one a manager, with the fields that are its own and when it last set one.
Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossfade.names import FIELD_MANAGER

Path = Sequence[str]
"""Keys from the root of the object, such as metadata, annotations and the annotation's own."""


def last_hand(document: Mapping[str, Any], paths: Iterable[Path]) -> str:
    """
    Who set one of *paths* last, and when; empty when that was us, or nobody knows.

    Args:
        document: The object as the API server shows it.
        paths: Of the fields.
    """
    wanted = [tuple(f"f:{key}" for key in path) for path in paths]
    entries = document.get("metadata", {}).get("managedFields") or ()
    owners = [entry for entry in entries if any(_owns(entry.get("fieldsV1") or {}, path) for path in wanted)]
    if not owners:
        return ""
    last = max(owners, key=lambda entry: str(entry.get("time") or ""))
    if last.get("manager") == FIELD_MANAGER:
        return ""
    return f"{last.get('manager')} at {last['time']}" if last.get("time") else str(last.get("manager"))


def _owns(fields: Mapping[str, Any], path: Path) -> bool:
    for key in path:
        if key not in fields:
            return False
        fields = fields[key]
    return True
