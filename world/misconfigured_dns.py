"""What is wrong with ExternalDNS, records and hosts before anything moves.

Each is made as people make it: an edited Deployment, a record changed by hand, an annotation with a slip of the pen.
This file knows no checks; it only makes the world as it should not be.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import boto3

from crossfade.names import ALPHA_PREFIX, IDENTIFIER_KEY, STABLE_PREFIX
from world.built import Built
from world.by_hand import annotate, change_record, identifier, of_kind, set_ready, tell, weigh
from world.estate_spec import BLUE, GREEN
from world.external_dns import DEPLOYMENT, NAMESPACE, TXT_TTL
from world.faults import FaultKind
from world.route53_records import Record

# --- ExternalDNS -----------------------------------------------------------------------------------------------------


def _create_only(estate: Built) -> None:
    tell(estate.clusters[GREEN], "--policy=", "--policy=create-only")


def _dry_run(estate: Built) -> None:
    tell(estate.clusters[GREEN], "--dry-run", "--dry-run")


def _external_dns_down(estate: Built) -> None:
    set_ready(estate.clusters[BLUE], 0)
    estate.clusters[BLUE].external_dns.is_stuck = True


def _shared_owner(estate: Built) -> None:
    """Its first loop, which would delete blue's records, has not come yet."""
    tell(estate.clusters[GREEN], "--txt-owner-id=", f"--txt-owner-id={estate.clusters[BLUE].spec.name}")


def _other_prefix(estate: Built) -> None:
    """Upgraded to a version that reads the other annotations, which nobody has written yet."""
    cluster = estate.clusters[GREEN]
    other = STABLE_PREFIX if cluster.external_dns.settings.prefix == ALPHA_PREFIX else ALPHA_PREFIX
    tell(cluster, "--annotation-prefix=", f"--annotation-prefix={other}")


def _unknown_version(estate: Built) -> None:
    """Its image is pinned by a digest: nothing tells which annotations it reads."""
    cluster = estate.clusters[GREEN]
    tell(cluster, "--annotation-prefix=", "--log-level=info")
    deployment = cluster.api.store.read("Deployment", NAMESPACE, DEPLOYMENT)
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    pinned = container | {"image": f"{container['image'].partition(':')[0]}@sha256:{'0' * 64}"}
    patch = {"spec": {"template": {"spec": {"containers": [pinned]}}}}
    cluster.api.store.merge("Deployment", NAMESPACE, DEPLOYMENT, patch)


def _other_domain(estate: Built) -> None:
    tell(estate.clusters[GREEN], "--domain-filter=", f"--domain-filter=old.{estate.spec.zone_name}")


def _slow_loop(estate: Built) -> None:
    tell(estate.clusters[GREEN], "--interval=", "--interval=10m")


# --- Objects ---------------------------------------------------------------------------------------------------------


def _same_identifier(estate: Built) -> None:
    """Green's object was copied from blue's, the set identifier with it."""
    annotate(estate, GREEN, estate.spec.workloads[0], IDENTIFIER_KEY, str(identifier(estate, BLUE)))


def _odd_host(estate: Built) -> None:
    """Green's Ingress serves one name more than blue's."""
    workload, store = of_kind(estate, "Ingress"), estate.clusters[GREEN].api.store
    rules = store.read("Ingress", workload.namespace, workload.objects[0])["spec"]["rules"]
    more = [*rules, {**rules[0], "host": f"new-{workload.host}"}]
    store.merge("Ingress", workload.namespace, workload.objects[0], {"spec": {"rules": more}}, manager="kubectl")
    estate.clusters[GREEN].external_dns.is_stuck = True


def _weight_too_large(estate: Built) -> None:
    """Somebody meant percent of a thousand."""
    weigh(estate, BLUE, "1000")


def _weight_not_canonical(estate: Built) -> None:
    """Route 53 shows it as 100, and nobody could tell whether it is the same."""
    weigh(estate, BLUE, "0100")


# --- Records ---------------------------------------------------------------------------------------------------------


def _missing_txt(estate: Built) -> None:
    host = estate.spec.workloads[0].host
    for record in estate.route53.records(estate.spec.zone_id):
        is_green = record.set_identifier == identifier(estate, GREEN)
        if record.type == "TXT" and record.ttl == TXT_TTL and record.name.endswith(host) and is_green:
            change_record(estate, "DELETE", record)


def _simple_record(estate: Built) -> None:
    change_record(estate, "CREATE", Record(estate.spec.workloads[0].host, "AAAA", ttl=300, values=("2001:db8::1",)))


def _two_owners(estate: Built) -> None:
    """Left behind by an ExternalDNS of before, under the name that old versions gave it."""
    workload = of_kind(estate, "Ingress")
    host, found = workload.host, estate.endpoint(BLUE, workload)
    says = '"heritage=external-dns,external-dns/owner=default,external-dns/resource=ingress/old/old"'
    owner = found.identifier if found else None
    change_record(estate, "UPSERT", Record(f"a-{host}", "TXT", owner, 100, ttl=TXT_TTL, values=(says,)))


def _private_twin(estate: Built) -> None:
    route53: Any = boto3.client("route53", region_name=estate.spec.green.region)
    vpc = {"VPCRegion": estate.spec.green.region, "VPCId": "vpc-0123456789abcdef0"}
    route53.create_hosted_zone(
        Name=estate.spec.zone_name,
        CallerReference="twin",
        VPC=vpc,
        HostedZoneConfig={"PrivateZone": True, "Comment": "split view"},
    )


def _stale_record(estate: Built) -> None:
    """Green's load balancer was made anew; the record still leads to the one before."""
    target = f"k8s-old-{_green_record(estate).target}"
    change_record(estate, "UPSERT", replace(_green_record(estate), target=target))
    estate.clusters[GREEN].external_dns.is_stuck = True


def _ipv6_alone(estate: Built) -> None:
    """Green's load balancer has IPv6 addresses, and only green's ExternalDNS is new enough to make records of them."""
    elb: Any = boto3.client("elbv2", region_name=estate.spec.green.region)
    record = _green_record(estate)
    (balancer,) = (
        one for one in elb.describe_load_balancers()["LoadBalancers"] if one["DNSName"].lower() == record.target
    )
    elb.set_ip_address_type(LoadBalancerArn=balancer["LoadBalancerArn"], IpAddressType="dualstack")
    change_record(estate, "CREATE", replace(record, type="AAAA"))


def _protected_record(estate: Built) -> None:
    """Somebody has frozen green's first record for the quarter."""
    record = _green_record(estate)
    estate.route53.protected.add((record.name, record.type))


def _no_switch(estate: Built) -> None:
    """Somebody has written the record anew, without the health check that it had."""
    change_record(estate, "UPSERT", replace(_green_record(estate), health_check=None))
    estate.clusters[GREEN].external_dns.is_stuck = True


def _green_record(estate: Built) -> Record:
    """The address record of the first workload on green."""
    host, green = estate.spec.workloads[0].host, identifier(estate, GREEN)
    found = estate.route53.records(estate.spec.zone_id)
    return next(one for one in found if (one.name, one.type, one.set_identifier) == (host, "A", green))


MAKERS: Final[Mapping[FaultKind, Callable[[Built], None]]] = {
    FaultKind.CREATE_ONLY: _create_only,
    FaultKind.DRY_RUN: _dry_run,
    FaultKind.EXTERNAL_DNS_DOWN: _external_dns_down,
    FaultKind.SHARED_OWNER: _shared_owner,
    FaultKind.OTHER_PREFIX: _other_prefix,
    FaultKind.UNKNOWN_VERSION: _unknown_version,
    FaultKind.OTHER_DOMAIN: _other_domain,
    FaultKind.SLOW_LOOP: _slow_loop,
    FaultKind.SAME_IDENTIFIER: _same_identifier,
    FaultKind.ODD_HOST: _odd_host,
    FaultKind.WEIGHT_TOO_LARGE: _weight_too_large,
    FaultKind.WEIGHT_NOT_CANONICAL: _weight_not_canonical,
    FaultKind.MISSING_TXT: _missing_txt,
    FaultKind.SIMPLE_RECORD: _simple_record,
    FaultKind.TWO_OWNERS: _two_owners,
    FaultKind.PRIVATE_TWIN: _private_twin,
    FaultKind.STALE_RECORD: _stale_record,
    FaultKind.IPV6_ALONE: _ipv6_alone,
    FaultKind.PROTECTED_RECORD: _protected_record,
    FaultKind.NO_SWITCH: _no_switch,
}
"""What puts each fault into place."""
