"""From a configuration to CloudFormation templates: the same way for `app.py`, the tests and the demo.

`cdk.json` holds the CDK's feature flags; they are read here, because only its command line would read them otherwise.
"""

import json
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
from stacks.definition_check import check_definition, read_definition
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
def composed(
    app: cdk.App, config: Config, *, code_only: bool = False, account: str | None = None
) -> Iterator[CrossfadeStack]:
    """
    Put the stacks of *config* into *app*, which is synthesised inside; then the state machine is checked.

    With clusters in two Regions, the main stack lives in the one that comes first in the alphabet: it must not move,
    and take the ledger along, when blue and green swap their names after a migration.

    Args:
        app: As `new_app` made it.
        config: As deployed.
        code_only: See `asset.functions_code`.
        account: AWS account; None for whichever it is deployed to.

    Raises:
        ValueError: The clusters are in two Regions, and no account is given; or the state machine is not sound.
    """
    regions = _regions(config)
    if len({cluster.region for cluster in config.all_clusters}) > 1 and not account:
        msg = "clusters in two Regions need to know the account: sign in to AWS, or set CDK_DEFAULT_ACCOUNT"
        raise ValueError(msg)
    with functions_code(config, code_only=code_only) as directory:
        stack = CrossfadeStack(
            app,
            STACK_NAME,
            config=config,
            code=lambda_.Code.from_asset(str(directory)),
            description="Crossfade: moves users between two EKS clusters in stages, and gives them back by itself.",
            env=cdk.Environment(account=account, region=regions[0]),
            termination_protection=True,  # deleting the machine in a migration leaves traffic where it is
        )
        for region in sorted({cluster.region for cluster in config.all_clusters}):
            _add_access(app, stack, config, cdk.Environment(account=account, region=region))
        cdk.Tags.of(app).add("app", SERVICE)
        yield stack
    refuse_unsound(Path(app.outdir))


def refuse_unsound(out_dir: Path) -> None:
    """
    Check the state machine that was written to *out_dir*.

    Raises:
        ValueError: It has faults that cfn-lint does not see; the message has them all.
    """
    if faults := check_definition(read_definition(template(out_dir))):
        msg = "\n".join(["the state machine is not sound; mend stacks/flow.py or what it is made of:", *faults])
        raise ValueError(msg)


def _regions(config: Config) -> list[str]:
    return sorted({config.clusters.blue.region, config.clusters.green.region})


def _add_access(app: cdk.App, stack: CrossfadeStack, config: Config, environment: cdk.Environment) -> None:
    """The way into the clusters of one Region."""
    region = environment.region
    names = sorted({cluster.name for cluster in config.all_clusters if cluster.region == region})
    AccessStack(
        app,
        ACCESS_STACK_NAME if region == stack.region else f"{ACCESS_STACK_NAME}-{region}",
        clusters=names,
        roles=stack.kubernetes_roles,
        description=f"Crossfade: its way into the EKS clusters in {region}.",
        env=environment,
    )


def synthesize(
    config: Config, *, out_dir: Path, code_only: bool = False, check: bool = False, account: str | None = None
) -> Path:
    """
    Write the templates and assets of *config* to *out_dir*, and return it.

    Args:
        config: As deployed.
        out_dir: Made if need be.
        code_only: See `asset.functions_code`.
        check: See `new_app`.
        account: See `composed`.
    """
    app = new_app(out_dir=out_dir, check=check)
    with composed(app, config, code_only=code_only, account=account):
        app.synth()
    return out_dir


def template(out_dir: Path, stack_name: str = STACK_NAME) -> Mapping[str, Any]:
    """The template of *stack_name* that `synthesize` wrote."""
    content: Mapping[str, Any] = json.loads((out_dir / f"{stack_name}.template.json").read_text(encoding="utf-8"))
    return content
