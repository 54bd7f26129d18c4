"""Moto's EC2, imported without the whole description of EC2: import this before anything of moto that needs it.

Moto asks botocore for the Regions of EC2 when it is imported, and botocore parses eleven megabytes to learn the prefix
of EC2's endpoints, which is `ec2`. That was a twentieth of a demo. The list of Regions itself stands elsewhere.
"""

import importlib
from typing import Any

from botocore.session import Session

from world.moto_hooks.swap import swapped


def _import_ec2() -> None:
    whole = Session.get_service_data

    def get_service_data(session: Session, service_name: str, api_version: str | None = None) -> Any:
        return (
            {"metadata": {"endpointPrefix": "ec2"}}
            if service_name == "ec2"
            else whole(session, service_name, api_version)
        )

    with swapped(Session, "get_service_data", get_service_data):
        importlib.import_module("moto.ec2")


_import_ec2()
