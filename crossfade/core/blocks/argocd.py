"""What `crossfade.yaml` may say about the router argocd, in the block `argocd` of a workload.

What needs two fields at once stands in `rules`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field, Strict

from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.blocks.clusters import ClusterConfig
from crossfade.core.forms import AnnotationKey, Label, ObjectTemplate, ParameterName


class HubConfig(ClusterConfig):
    """The Amazon EKS cluster where Argo CD runs for both sides."""


class SecretKeyConfig(SecretKey):
    """An annotation of the Secret by which Argo CD knows a cluster: every workload that is rendered from it moves."""

    name: ObjectTemplate = Field(description="The name of the Secret; {cluster} stands for the side's EKS name.")
    key: AnnotationKey = Field(description="The key of the annotation, such as route53_weight.")


class HelmParameterConfig(HelmParameter):
    """A Helm parameter of one Application."""

    application: ObjectTemplate = Field(description="The Application; {cluster} stands for the side's EKS name.")
    name: ParameterName = Field(description="The parameter, such as spec.ingress.route53_weight.")
    source: Annotated[int, Strict(), Field(ge=0, le=99)] | None = Field(
        default=None, description="Which of spec.sources has the chart, from 0; left out for the one spec.source."
    )


class ArgoCdConfig(ArgoCd):
    """What Argo CD renders the weight from, with the router argocd: a secret or a parameter, one of both."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["secret"]}, {"required": ["parameter"]}]})

    applications: tuple[ObjectTemplate, ...] = Field(
        default=(),
        description="The Applications from there to the Ingress; {cluster} stands for the side's EKS name. "
        "Needed with a secret; a parameter names its own.",
    )
    namespace: Label = Field(default="argocd", description="The namespace of the Secret and the Applications.")
    hub: HubConfig | None = Field(
        default=None, description="The EKS cluster where Argo CD runs for both sides; left out, each side has its own."
    )
    secret: SecretKeyConfig | None = Field(
        default=None, description="An annotation of the cluster Secret, as gitops-bridge has it."
    )
    parameter: HelmParameterConfig | None = Field(default=None, description="A Helm parameter of an Application.")
