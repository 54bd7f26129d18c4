"""Where Argo CD takes the weight of a workload from: a Secret's annotation or a Helm parameter, and who renders it.

Pure data, as the plan has it; what was found in the clusters stands in `facts_argocd`.
"""

from crossfade.core.model import Model
from crossfade.core.places import Cluster


class SecretKey(Model):
    """
    Write point A: an annotation of the Secret by which Argo CD knows a cluster. ApplicationSets render from it.

    Attributes:
        name: Of the Secret; `{cluster}` stands for the name of the side's cluster.
        key: Of the annotation, such as `route53_weight`.
    """

    name: str
    key: str


class HelmParameter(Model):
    """
    Write point B: a Helm parameter of one Application.

    Attributes:
        application: Its name; `{cluster}` stands for the name of the side's cluster.
        name: Of the parameter, such as `spec.ingress.route53_weight`.
        source: Which of `spec.sources` has the chart, from 0; None for the one `spec.source`.
    """

    application: str
    name: str
    source: int | None = None


class ArgoCd(Model):
    """
    What Argo CD renders the weight of a workload from: a Secret's annotation or a Helm parameter, never both.

    Attributes:
        applications: Names of the Applications from there to the Ingress; `{cluster}` as above.
        namespace: Of Argo CD's objects.
        hub: The cluster where Argo CD runs for both sides; None when each side has its own.
        secret: Write point A.
        parameter: Write point B.
    """

    applications: tuple[str, ...] = ()
    namespace: str = "argocd"
    hub: Cluster | None = None
    secret: SecretKey | None = None
    parameter: HelmParameter | None = None

    def on(self, cluster: str) -> "ArgoCd":
        """The same for the side whose cluster is called *cluster*, with every name in full."""
        secret, parameter = self.secret, self.parameter
        if secret:
            secret = secret.model_copy(update={"name": _in_full(secret.name, cluster)})
        names = [_in_full(name, cluster) for name in self.applications]
        if parameter:
            parameter = parameter.model_copy(update={"application": _in_full(parameter.application, cluster)})
            names.insert(0, parameter.application)
        changes = {"secret": secret, "parameter": parameter, "applications": tuple(dict.fromkeys(names))}
        return self.model_copy(update=changes)

    @property
    def source(self) -> tuple[str, ...]:
        """What is written, for comparing: workloads with the same one move together."""
        what = self.secret or self.parameter
        named = [str(value) for value in what.model_dump().values()] if what else []
        return (self.hub.name if self.hub else "", self.namespace, type(what).__name__, *named)


def _in_full(name: str, cluster: str) -> str:
    return name.replace("{cluster}", cluster)
