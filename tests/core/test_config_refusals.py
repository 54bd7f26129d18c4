"""What a configuration may not say, one fault a row: where, what, and the words of the refusal."""

import pytest

from crossfade.core.config import WORKLOADS_MAX
from tests.core.documents import CART, DIRECT, REMOVED, STAGES, WEEKLY, Where, changed, faults, stages, workloads

REFUSALS = [
    # structure
    pytest.param(("colour",), "blue", "colour: is not a key here", id="unknown key at the top"),
    pytest.param(("approval",), {}, "approval: is a key, but not here; move it to where it belongs", id="misplaced"),
    pytest.param((*CART, "alarm"), ["a"], "workloads[0].alarm: is not a key here; did you mean alarms?", id="a typo"),
    pytest.param((*STAGES, 0, "not_after"), "x", "plans.standard.stages[0].not_after: is not a key", id="snake case"),
    pytest.param(("version",), 2, "version: must be 1", id="wrong version"),
    pytest.param(("version",), REMOVED, "version: is missing; add it", id="no version"),
    pytest.param(("clusters", "green"), REMOVED, "clusters.green: is missing; add it", id="no green"),
    pytest.param(("clusters", "green"), "shop-green", "clusters.green: must be a mapping", id="cluster as text"),
    pytest.param(("workloads",), {"cart": {}}, "workloads: must be a list", id="workloads as mapping"),
    pytest.param(("workloads",), [], "workloads: must have at least one entry", id="no workload"),
    pytest.param(("plans",), {}, "plans: must have at least one entry", id="no plan"),
    # clusters and zone
    pytest.param(
        ("clusters", "green"),
        {"name": "shop-blue", "region": "eu-west-1"},
        "clusters.green: is the same cluster as blue; name the one that gets the traffic",
        id="same cluster twice",
    ),
    pytest.param(("clusters", "blue", "name"), "-blue", "clusters.blue.name: '-blue' must be an EKS name", id="EKS"),
    pytest.param(("clusters", "blue", "name"), "b" * 101, "clusters.blue.name: ", id="EKS name of 101"),
    pytest.param(("clusters", "blue", "name"), "b\n", "clusters.blue.name: 'b\\n' must be", id="EKS name with newline"),
    pytest.param(
        ("clusters", "blue", "region"), "Ireland", "clusters.blue.region: 'Ireland' must be an AWS", id="region"
    ),
    pytest.param(
        ("hostedZone", "id"),
        "/hostedzone/Z0EXAMPLE1",
        "hostedZone.id: '/hostedzone/Z0EXAMPLE1' must be the id of a hosted zone: "
        "Z and then capitals and digits; write it as Z0EXAMPLE1",
        id="zone id with its prefix",
    ),
    pytest.param(("hostedZone", "id"), "example.com", "hostedZone.id: 'example.com' must be the id", id="bad zone id"),
    pytest.param(("hostedZone", "name"), "example.com.", "write it as example.com", id="zone with a dot at the end"),
    # probes
    pytest.param(
        (*CART, "probe"),
        {"path": "healthz"},
        "workloads[0].probe.path: 'healthz' must be a path such as /healthz",
        id="path without a slash",
    ),
    pytest.param(
        (*CART, "probe"),
        {"path": "/a\r\nHost: evil"},
        "workloads[0].probe.path: '/a\\r\\nHost: evil' must be a path",
        id="header in a path",
    ),
    pytest.param((*CART, "probe"), {"status": []}, "workloads[0].probe.status: must have at least", id="no status"),
    pytest.param((*CART, "probe"), {"status": [99]}, "workloads[0].probe.status[0]: ", id="no such status"),
    pytest.param((*CART, "probe"), {"port": 0}, "workloads[0].probe.port: ", id="port 0"),
    pytest.param((*CART, "probe"), {"scheme": "ftp"}, "workloads[0].probe.scheme: ", id="other scheme"),
    pytest.param((*CART, "probe"), {"url": "x"}, "workloads[0].probe.url: is not a key here", id="url of a probe"),
    # what runs twice
    pytest.param((*CART, "consumers"), ["Mailer!"], "workloads[0].consumers[0]: 'Mailer!' must be a", id="consumer"),
    pytest.param((*CART, "acknowledge"), ["all"], "workloads[0].acknowledge[0]: must be", id="acknowledged"),
    # workloads
    pytest.param(
        (*CART, "host"),
        "Cart.Example.com",
        "workloads[0].host: 'Cart.Example.com' must be a DNS name in lower case, "
        "without a dot at the end or a *; write it as cart.example.com",
        id="capitals in a host",
    ),
    pytest.param((*CART, "host"), "cart.example.com.", "write it as cart.example.com", id="host with a dot at the end"),
    pytest.param((*CART, "host"), "*.example.com", "workloads[0].host: '*.example.com' must be a DNS", id="wildcard"),
    pytest.param(
        (*CART, "host"),
        "cart.example.org",
        "workloads[0].host: 'cart.example.org' is outside the hosted zone 'example.com'; use a host in that zone",
        id="host outside the zone",
    ),
    pytest.param((*CART, "host"), "cartexample.com", "workloads[0].host: 'cartexample.com' is outside", id="no dot"),
    pytest.param(
        ("workloads", 1, "host"),
        "cart.example.com",
        "workloads[1].host: 'cart.example.com' is already the host of workloads[0]; each needs its own",
        id="two workloads on one host",
    ),
    pytest.param(
        ("workloads", 1, "name"), "cart", "workloads[1].name: 'cart' is already the name of workloads[0]", id="one name"
    ),
    pytest.param(
        ("workloads", 1, "ingress"),
        "cart-ingress",
        "workloads[1].ingress: 'shop/cart-ingress' is already the ingress of workloads[0]",
        id="two workloads on one Ingress",
    ),
    pytest.param(
        ("workloads", 1, "ingress"),
        ["search-ingress", "cart-ingress"],
        "workloads[1].ingress: 'shop/cart-ingress' is already the ingress of workloads[0]",
        id="two workloads on one Ingress of several",
    ),
    pytest.param(
        (*CART, "ingress"),
        REMOVED,
        "workloads[0].ingress: is missing; name the Ingress of the host, or else its service, httpRoute or dnsEndpoint",
        id="a workload without an object",
    ),
    pytest.param(
        (*CART, "service"),
        "cart",
        "workloads[0]: has ingress and service; keep the one in which ExternalDNS finds the weight",
        id="objects of two kinds",
    ),
    pytest.param((*CART, "ingress"), [], "workloads[0].ingress: is empty; write the name", id="no names"),
    pytest.param(
        (*CART, "ingress"),
        ["cart", "Cart_2"],
        "workloads[0].ingress: 'Cart_2' must be a Kubernetes name",
        id="one of two",
    ),
    pytest.param((*CART, "ingress"), 7, "workloads[0].ingress: must be a name, or a list of names", id="a number"),
    pytest.param(
        (*CART, "ingress"), ["a", "a"], "workloads[0].ingress[1]: 'a' stands here twice; remove one", id="a name twice"
    ),
    pytest.param((*CART, "name"), "Cart!", "workloads[0].name: 'Cart!' must be a DNS label", id="workload name"),
    pytest.param((*CART, "name"), 2048, "workloads[0].name: must be text; put the value in quotes", id="a number"),
    pytest.param((*CART, "namespace"), "kube.system", "workloads[0].namespace: 'kube.system' must be", id="namespace"),
    pytest.param((*CART, "namespace"), "n" * 64, "workloads[0].namespace: ", id="namespace of 64"),
    pytest.param((*CART, "ingress"), "cart_ingress", "workloads[0].ingress: 'cart_ingress' must be", id="ingress"),
    pytest.param((*CART, "router"), "istio", "workloads[0].router: must be 'external_dns'", id="unknown router"),
    pytest.param(
        (*CART, "router"),
        "route53",
        "workloads[0].identifiers: is missing; the router route53 needs the set identifiers of blue's and green's",
        id="records without set identifiers",
    ),
    pytest.param(
        (*CART, "identifiers"),
        {"blue": "b", "green": "g"},
        "workloads[0].identifiers: is not for the router external_dns, which reads them from the objects; remove it",
        id="set identifiers that the objects know",
    ),
    pytest.param(
        CART,
        {**DIRECT, "identifiers": {"blue": "b", "green": "b"}},
        "workloads[0].identifiers.green: 'b' is blue's, too; each record has its own",
        id="one set identifier for both",
    ),
    pytest.param(
        CART,
        {**DIRECT, "identifiers": {"blue": "b"}},
        "workloads[0].identifiers.green: is missing; add it",
        id="half a pair",
    ),
    pytest.param(
        CART,
        {**DIRECT, "identifiers": {"blue": "b" * 129, "green": "g"}},
        "workloads[0].identifiers.blue: ",
        id="set identifier of 129",
    ),
    pytest.param((*CART, "alarms"), [], "workloads[0].alarms: must have at least one entry", id="no alarm at all"),
    pytest.param((*CART, "alarms"), REMOVED, "workloads[0].alarms: is missing; add it", id="no alarms key"),
    pytest.param((*CART, "alarms"), ["a", "a"], "workloads[0].alarms[1]: 'a' stands here twice", id="one alarm twice"),
    pytest.param((*CART, "alarms"), ["a" * 256], "workloads[0].alarms[0]: ", id="alarm name of 256"),
    pytest.param(
        (*CART, "alarms"), ["a\tb"], "workloads[0].alarms[0]: 'a\\tb' must be the name", id="control character"
    ),
    pytest.param(
        (*CART, "alarms"),
        ["arn:aws:cloudwatch:eu-west-1:111122223333:alarm:green-5xx"],
        "not its ARN, at most 255 characters; write it as green-5xx",
        id="ARN of an alarm",
    ),
    pytest.param(
        ("workloads",),
        workloads(WORKLOADS_MAX + 1),
        "workloads: has 91 entries; at most 90 are possible",
        id="more workloads than one lease can hold",
    ),
    # plans
    pytest.param((*STAGES,), [], "plans.standard.stages: must have at least one entry", id="no stage"),
    pytest.param(
        ("plans", "quick", "preset"), REMOVED, "plans.quick: has no stages and no preset; add one", id="neither"
    ),
    pytest.param(
        ("plans", "standard", "preset"),
        "AllAtOnce",
        "plans.standard: has both stages and a preset; remove one",
        id="both",
    ),
    pytest.param(("plans", "quick", "preset"), "Canary", "plans.quick.preset: must be 'Canary10", id="unknown preset"),
    pytest.param(("plans", "my plan"), {"preset": "Fast"}, "plans['my plan']: 'my plan' must start", id="plan name"),
    pytest.param(
        (*STAGES, 1, "share"),
        0.5,
        "plans.standard.stages[1].share: 0.5 does not rise above the 1 before it; let shares rise",
        id="a share that falls",
    ),
    pytest.param(
        (*STAGES, 1, "share"), 1, "plans.standard.stages[1].share: 1 does not rise", id="a share that repeats"
    ),
    pytest.param(
        (*STAGES, 2, "share"),
        90,
        "plans.standard.stages[2].share: 90 is the last share; the last must be 100",
        id="shares that do not end at 100",
    ),
    pytest.param((*STAGES, 0, "share"), 0, "plans.standard.stages[0].share: must be greater than 0", id="share 0"),
    pytest.param((*STAGES, 2, "share"), 101, "plans.standard.stages[2].share: must be at most 100", id="share 101"),
    pytest.param(
        (*STAGES, 0, "share"), "1%", "plans.standard.stages[0].share: must be a number such as 10", id="percent"
    ),
    pytest.param((*STAGES, 0, "share"), True, "plans.standard.stages[0].share: must be a number", id="share true"),
    pytest.param(
        (*STAGES, 0, "share"), float("nan"), "plans.standard.stages[0].share: must be a finite", id="share nan"
    ),
    pytest.param(
        (*STAGES, 0, "share"),
        0.1,
        "plans.standard.stages[0].share: 0.1 % cannot be made of whole weights from 0 to 255; use multiples of 0.5",
        id="a share below the smallest weight",
    ),
    pytest.param(
        (*STAGES, 0, "share"),
        2e-309,
        "plans.standard.stages[0].share: 2e-309 % cannot be made of whole weights from 0 to 255; use multiples of 0.5",
        id="a share of next to nothing",
    ),
    pytest.param(
        STAGES,
        stages(0.4, 99.3, 100),
        "plans.standard.stages: these shares together cannot be made of whole weights",
        id="shares that only fit one by one",
    ),
    pytest.param(
        (*STAGES, 0, "bake"), "0s", "plans.standard.stages[0].bake: 0s is too short; use at least 1s", id="bake"
    ),
    pytest.param((*STAGES, 0, "bake"), "ten", "plans.standard.stages[0].bake: 'ten' is not a duration", id="malformed"),
    pytest.param(
        (*STAGES, 0, "bake"), "1.5h", "plans.standard.stages[0].bake: '1.5h' is not a duration", id="fraction"
    ),
    pytest.param((*STAGES, 0, "bake"), "-5m", "plans.standard.stages[0].bake: '-5m' is not a duration", id="negative"),
    pytest.param(
        (*STAGES, 0, "bake"), 600, "plans.standard.stages[0].bake: must be a duration with its unit", id="600"
    ),
    pytest.param(
        (*STAGES, 0, "bake"), "9999999d", "plans.standard.stages[0].bake: '9999999d' is not", id="far too long"
    ),
    pytest.param(
        (*STAGES, 0, "gate"), "maybe", "plans.standard.stages[0].gate: must be 'none' or 'approval'", id="gate"
    ),
    pytest.param(
        ("plans", "standard", "soak"),
        "9d",
        "plans.standard: is too long to watch: it could need",
        id="a plan that outlives the history of its execution",
    ),
    pytest.param(
        ("plans", "standard", "notAfter"),
        "2026-01-13T08:59:59Z",
        "plans.standard.notAfter: '2026-01-13T08:59:59Z' is past; move it forward or remove it",
        id="an expired plan",
    ),
    pytest.param(
        ("plans", "standard", "notAfter"),
        "2026-06-30T18:00:00",
        "plans.standard.notAfter: '2026-06-30T18:00:00' has no time zone; write an instant with a zone",
        id="an instant without zone",
    ),
    pytest.param(
        ("plans", "standard", "notAfter"), "soon", "plans.standard.notAfter: 'soon' is not an", id="no instant"
    ),
    pytest.param(
        ("plans", "standard", "notAfter"), 20260630, "plans.standard.notAfter: must be text", id="a date number"
    ),
    pytest.param(
        ("plans", "standard", "notAfter"), "0001-01-01T00:00:00+10:00", "is not an instant", id="before the first year"
    ),
    pytest.param(
        ("defaultPlan",),
        "stadnard",
        "defaultPlan: there is no plan 'stadnard'; use one of standard, quick",
        id="a default plan that does not exist",
    ),
    # timing
    pytest.param(("timing", "poll"), "1s", "timing.poll: 1s is too short; use at least 5s", id="poll too short"),
    pytest.param(("timing", "poll"), "11m", "timing.poll: 11m is too long; use at most 10m", id="poll too long"),
    pytest.param(("timing", "settle"), "0s", "timing.settle: 0s is too short", id="settle"),
    pytest.param(("timing", "margin"), "30s", "timing.margin: 30s is too short; use at least 1m", id="below the TTL"),
    pytest.param(("timing", "patience"), "10s", "timing.patience: 10s is too short", id="patience"),
    pytest.param(
        ("timing",),
        {"settle": "5m"},
        "timing.propagation: must be longer than timing.settle, which is 5m",
        id="nothing would have time to settle",
    ),
    pytest.param(
        ("timing",),
        {"propagation": "20m"},
        "timing.rollback: must be longer than timing.propagation, which is 20m",
        id="a rollback shorter than one write",
    ),
    pytest.param(
        ("plans", "quick", "approval"),
        {"byAnother": True},
        "plans.quick.approval.byAnother: no stage waits for approval; give one gate: approval",
        id="an approver for a plan without a gate",
    ),
    # notifications and triggers
    pytest.param(
        ("triggers", "events"),
        [{"name": "release", "source": "crossfade", "detailType": "x", "plan": "quick"}],
        "triggers.events[0].source: 'crossfade' is Crossfade itself",
        id="a rule that hears itself",
    ),
    pytest.param(
        ("triggers", "events"),
        [{"name": "release", "source": "com.example", "detailType": "x", "plan": "slow"}],
        "triggers.events[0].plan: there is no plan 'slow'",
        id="an event's plan that does not exist",
    ),
    pytest.param(
        ("triggers", "events"),
        [{"name": "release", "source": "com.example", "detailType": "x", "plan": "quick"}] * 2,
        "triggers.events[1].name: 'release' is already the name of triggers.events[0]",
        id="two rules of one name",
    ),
    pytest.param(
        ("notifications", "chat"),
        {"slack": {"workspaceId": "T0123ABCDEF", "channelId": "#deployments"}},
        "notifications.chat.slack.channelId: '#deployments' must be the id of a Slack channel",
        id="a channel's name",
    ),
    pytest.param(
        ("notifications", "eventBus"),
        "arn:aws:events:eu-west-1:123456789012:event-bus/x",
        "must be the name of an event bus, not its ARN",
        id="the ARN of a bus",
    ),
    pytest.param(
        ("notifications", "emails", 0), "team", "notifications.emails[0]: 'team' must be one", id="no address"
    ),
    pytest.param(
        ("notifications", "emails", 1),
        "team@example.com",
        "notifications.emails[1]: 'team@example.com' stands",
        id="twice",
    ),
    pytest.param(
        (*WEEKLY, "plan"),
        "slow",
        "triggers.schedules[0].plan: there is no plan 'slow'; use one of standard, quick",
        id="a schedule's plan that does not exist",
    ),
    pytest.param(
        (*WEEKLY, "expression"), "every day", "triggers.schedules[0].expression: 'every day' must be", id="cron"
    ),
    pytest.param((*WEEKLY, "expression"), "cron(0 9 * * *)", "with six fields", id="cron of five fields"),
    pytest.param((*WEEKLY, "timezone"), "Europe Dublin", "triggers.schedules[0].timezone: 'Europe Dublin'", id="zone"),
    pytest.param((*WEEKLY, "enabled"), "yes", "triggers.schedules[0].enabled: must be true or false", id="yes"),
    pytest.param((*WEEKLY, "maxAge"), "10s", "triggers.schedules[0].maxAge: 10s is too short", id="max age"),
    pytest.param(
        (*WEEKLY, "maxAge"), "2d", "triggers.schedules[0].maxAge: 2d is too long; use at most 1d", id="too old"
    ),
    pytest.param(
        ("triggers", "schedules", 1),
        {"name": "weekly", "expression": "rate(7 days)", "plan": "quick"},
        "triggers.schedules[1].name: 'weekly' is already the name of triggers.schedules[0]",
        id="two schedules of one name",
    ),
]


@pytest.mark.parametrize(("path", "value", "words"), REFUSALS)
def test_a_fault_is_refused_and_nothing_else_is_blamed(path: Where, value: object, words: str) -> None:
    found = faults(changed((path, value)))

    assert len(found) == 1, found
    assert words in found[0]
