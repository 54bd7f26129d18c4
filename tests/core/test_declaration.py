"""What Git and Terraform must say after a migration: for every router, ready to be pasted, and only what moved."""

from datetime import timedelta
from typing import Any

import yaml

from crossfade.core.argocd import ArgoCd, HelmParameter, SecretKey
from crossfade.core.declaration import Declaration, declarations, told
from crossfade.core.record import Baseline, Outcome, Record
from crossfade.core.workload import Identifiers, ListenerRule, Router, Workload
from tests.steps.scene import T0, a_plan

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup"
RULE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/shared/1/2/3"


def a_workload(name: str = "burnham", router: Router = Router.EXTERNAL_DNS, **more: Any) -> Workload:
    at = {} if "dns_endpoint" in more else {"ingress": f"{name}-ingress"}
    host = f"{name}.example.com"
    return Workload(name=name, namespace="team", host=host, router=router, alarms=("green-5xx",), **at, **more)


def after(*workloads: Workload, outcome: Outcome = Outcome.SUCCEEDED) -> tuple[Declaration, ...]:
    plan = a_plan().model_copy(update={"workloads": workloads})
    baseline = tuple(Baseline(workload=workload.name, blue=100, green=0) for workload in workloads)
    ended = T0 + timedelta(hours=1)
    return declarations(
        Record(
            migration="tonight",
            execution="arn",
            plan=plan,
            baseline=baseline,
            stage=len(plan.stages),
            started=T0,
            ended=ended,
            outcome=outcome,
        )
    )


def test_each_cluster_gets_the_annotation_that_its_ingresses_need_once_for_all_of_them_and_green_first() -> None:
    found = [each for each in after(a_workload("burnham"), a_workload("yelb")) if each.language == "yaml"]

    assert [each.cluster for each in found] == [a_plan().green.name, a_plan().blue.name]
    assert found[0].about == ("Ingress team/burnham-ingress", "Ingress team/yelb-ingress")
    annotations = [yaml.safe_load(each.text)["metadata"]["annotations"] for each in found]
    assert annotations == [
        {"external-dns.alpha.kubernetes.io/aws-weight": "100"},
        {"external-dns.alpha.kubernetes.io/aws-weight": "0"},
    ]


def test_terraform_of_eks_blueprints_gets_its_variable() -> None:
    found = [each.text for each in after(a_workload()) if each.language == "hcl"]

    assert found == ['route53_weight = "100"', 'route53_weight = "0"']


def test_a_dns_endpoint_gets_its_property() -> None:
    found = after(a_workload(dns_endpoint="burnham-endpoint"))
    endpoint = yaml.safe_load(found[0].text)["spec"]["endpoints"][0]

    assert endpoint["dnsName"] == "burnham.example.com"
    assert endpoint["providerSpecific"] == [{"name": "aws/weight", "value": "100"}]


def test_argo_cd_gets_what_it_renders_from() -> None:
    secret = ArgoCd(secret=SecretKey(name="{cluster}", key="route53_weight"))
    parameter = ArgoCd(parameter=HelmParameter(application="burnham-{cluster}", name="weight"))
    green = a_plan().green.name

    by_secret = after(a_workload(router=Router.ARGOCD, argocd=secret))[0]
    by_parameter = after(a_workload(router=Router.ARGOCD, argocd=parameter))[0]

    assert by_secret.text == 'route53_weight = "100"'
    assert f"Secret {green}" in by_secret.about[0]
    assert by_parameter.about == (f"Application argocd/burnham-{green}",)
    assert yaml.safe_load(by_parameter.text)["helm"]["parameters"] == [{"name": "weight", "value": "100"}]


def test_records_without_external_dns_get_their_policy() -> None:
    found = after(a_workload(router=Router.ROUTE53, identifiers=Identifiers(blue="b", green="g")))

    assert 'set_identifier = "g"' in found[0].text
    assert "weight = 100" in found[0].text
    assert "weight = 0" in found[1].text


def test_a_listener_rule_gets_both_weights_once() -> None:
    rule = ListenerRule(rule=RULE, blue=f"{GROUP}/b/1", green=f"{GROUP}/g/1", binding="burnham")

    found = after(a_workload(router=Router.ALB, alb=rule))

    assert len(found) == 1
    assert found[0].text.index("weight = 0") < found[0].text.index("weight = 100")


def test_after_a_rollback_nothing_has_to_be_said_anew() -> None:
    assert after(a_workload(), outcome=Outcome.ROLLED_BACK) == ()
    assert told(()) == ""


def test_while_nobody_knows_where_traffic_is_nothing_is_said() -> None:
    assert after(a_workload(), outcome=Outcome.ROLLBACK_UNCONFIRMED) == ()
