"""From a configuration to CloudFormation templates: the same way for `app.py`, the tests and the demo.

`cdk.json` holds the CDK's feature flags; they are read here, because only its command line would read them otherwise.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from cdk_nag import AwsSolutionsChecks

from crossfade.core.config import Config
from crossfade.names import PRODUCT, SERVICE
from stacks.access import AccessStack
from stacks.asset import ROOT, functions_code
from stacks.stack import CrossfadeStack

STACK_NAME: Final = PRODUCT
ACCESS_STACK_NAME: Final = f"{PRODUCT}Access"


def new_app(*, out_dir: Path | None = None, check: bool = True) -> cdk.App:
    """
    Make an app with the flags of `cdk.json`.

    Args:
        out_dir: Where the templates go; None for where the CDK's command line wants them.
        check: Whether the CDK's own validation and cdk-nag run at the end of the synthesis; about five seconds.
    """
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(
        context=flags,
        outdir=str(out_dir) if out_dir else None,
        analytics_reporting=False,  # the same template for everybody, and nothing is told to anybody
        builtin_cloud_formation_validation=check,
    )
    if check:
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    return app


@contextmanager
def composed(app: cdk.App, config: Config, *, code_only: bool = False) -> Iterator[CrossfadeStack]:
    """
    Put the stacks of *config* into *app*.

    The main stack lives in green's Region, where the alarms are that judge green.

    Args:
        app: As `new_app` made it.
        config: As deployed.
        code_only: See `asset.functions_code`.
    """
    clusters = (config.clusters.blue, config.clusters.green)
    with functions_code(config, code_only=code_only) as directory:
        stack = CrossfadeStack(
            app,
            STACK_NAME,
            config=config,
            code=lambda_.Code.from_asset(str(directory)),
            description="Crossfade: moves users between two EKS clusters in stages, and gives them back by itself.",
            env=_environment(config.clusters.green.region),
            termination_protection=True,  # deleting the machine in a migration leaves traffic where it is
        )
        for region in dict.fromkeys(cluster.region for cluster in clusters):
            AccessStack(
                app,
                ACCESS_STACK_NAME if region == config.clusters.green.region else f"{ACCESS_STACK_NAME}-{region}",
                clusters=[cluster.name for cluster in clusters if cluster.region == region],
                roles=stack.kubernetes_roles,
                description=f"Crossfade: its way into the EKS clusters in {region}.",
                env=_environment(region),
            )
        cdk.Tags.of(app).add("app", SERVICE)
        yield stack


def synthesize(config: Config, *, out_dir: Path, code_only: bool = False, check: bool = False) -> Path:
    """
    Write the templates and assets of *config* to *out_dir*, and return it.

    Args:
        config: As deployed.
        out_dir: Made if need be.
        code_only: See `asset.functions_code`.
        check: See `new_app`.
    """
    app = new_app(out_dir=out_dir, check=check)
    with composed(app, config, code_only=code_only):
        app.synth()
    return out_dir


def template(out_dir: Path, stack_name: str = STACK_NAME) -> Mapping[str, Any]:
    """The template of *stack_name* that `synthesize` wrote."""
    content: Mapping[str, Any] = json.loads((out_dir / f"{stack_name}.template.json").read_text(encoding="utf-8"))
    return content


def _environment(region: str) -> cdk.Environment:
    """The account of the credentials that the CDK's command line found; without it, that of the deployment."""
    return cdk.Environment(account=os.environ.get("CDK_DEFAULT_ACCOUNT"), region=region)
