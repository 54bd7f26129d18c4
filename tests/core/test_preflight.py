"""Each check of the preflight: passed by a sound estate, tripped by one thing that is wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crossfade.core.checks import alb, argocd, switch
from crossfade.core.facts import Facts, InsightFacts, WatchFacts
from crossfade.core.facts_places import ADDRESSES, RecordFacts, TargetGroupFacts
from crossfade.core.finding import Finding, Grade, together
from crossfade.core.plan import Plan
from crossfade.core.preflight import CHECKS, TOLD_MAX, examine, graded, refusal, summary, table
from crossfade.core.probe import Answer, Heard
from crossfade.core.running import ScalerFacts
from crossfade.core.source import SourceKind
from crossfade.core.traffic import SideReading
from crossfade.core.verdict import Alarm, AlarmState
from crossfade.core.weight import Side
from crossfade.core.workload import Acknowledged, Identifiers, Router
from crossfade.names import ALPHA_PREFIX, STABLE_PREFIX
from tests.core.sound import (
    BLUE_BALANCER,
    GOOD,
    GREEN_ALARM,
    MINUTE,
    NAME,
    PLAN,
    Change,
    alarm,
    answer,
    balancer,
    both,
    controller,
    declared,
    facts,
    insights,
    kind_unseen,
    more_records,
    no_balancer,
    of_estate,
    place,
    reading,
    records,
    runs,
    source,
    twin,
    unseen,
    watch,
)
from tests.core.test_checks_argocd import TRIPPED
from tests.core.test_checks_switch import TRIPPED as SWITCHED
from tests.core.test_preflight_alb import TRIPS as RULE_TRIPS
from tests.steps.scene import a_plan

AAAA = RecordFacts("AAAA", "eks-blueprint-green", 0, "weighted", follows_health=True)
SICK = TargetGroupFacts("targetgroup/sick/1", healthy=0, registered=2)
EMPTY = TargetGroupFacts("targetgroup/empty/1", healthy=0, registered=0)
STICKY = TargetGroupFacts("targetgroup/sticky/1", healthy=1, registered=1, sticky=timedelta(hours=2))


def _without_txt(record: RecordFacts) -> RecordFacts | None:
    return None if record.type == "TXT" and record.identifier.endswith("green") else record


def _elsewhere(record: RecordFacts) -> RecordFacts:
    return replace(record, target="old.elb.example.com") if record.type in ADDRESSES else record


def _direct(plan: Plan) -> Plan:
    workloads = tuple(workload.model_copy(update={"router": Router.ROUTE53}) for workload in plan.workloads)
    return plan.model_copy(update={"workloads": workloads})


WEB = f"team-{NAME}/web"
BILLED = f"team-{NAME}/bill"
SLOW = TargetGroupFacts("targetgroup/slow/1", healthy=1, registered=1, draining=timedelta(minutes=15))
INSIGHT = InsightFacts("Deprecated APIs", "1.32", "ERROR", "used lately", "use newer ones")
BILL = frozenset({BILLED})
BILLED_TWICE = both(runs(Side.BLUE, jobs=BILL), runs(Side.GREEN, jobs=BILL))
MAILER = {f"team-{NAME}/mailer": 1}
MAILED = both(declared(consumers=("mailer",)), runs(Side.BLUE, consumers=MAILER), runs(Side.GREEN, consumers=MAILER))

TRIPS = [
    ("answers", Grade.FAIL, lambda s: replace(s, unread=("EKS does not allow it; grant it",)), "EKS does not allow it"),
    ("weights", Grade.FAIL, reading(SideReading(100, 100), SideReading(None, 0)), "green carries no readable weight"),
    ("weights", Grade.FAIL, reading(SideReading(100, 100), SideReading(0, None)), "green has no weight that users get"),
    ("weights", Grade.FAIL, reading(SideReading(100, 90), SideReading(0, 0)), "annotated with 100 but Route 53 has 90"),
    ("weights", Grade.FAIL, reading(SideReading(0, 0), SideReading(0, 0)), "blue has weight 0"),
    ("weights", Grade.FAIL, reading(SideReading(100, 100), SideReading(9, 9)), "green already has weight 9"),
    ("way-back", Grade.FAIL, lambda s: replace(s, rehearsed=("blue refuses; grant patch",)), "blue refuses"),
    ("second-way-back", Grade.FAIL, lambda s: replace(s, rescued=("A is protected; mend it",)), "A is protected"),
    ("second-way-back", Grade.WARN, lambda s: replace(s, plan=_direct(s.plan)), "the only way back of burnham"),
    ("source", Grade.FAIL, place(Side.GREEN, sources=(), missing=("Ingress a/b",)), "Ingress a/b does not exist"),
    ("source", Grade.FAIL, source(Side.GREEN, lack="is of type ClusterIP", fix="x"), "burnham-ingress is of type Clus"),
    ("shared-host", Grade.FAIL, place(Side.BLUE, strangers=("Ingress a/b",)), "Ingress a/b has burnham."),
    ("shared-host", Grade.WARN, place(Side.BLUE, unlisted="no; bind"), "too, is not known: no"),
    ("identifiers", Grade.FAIL, source(Side.GREEN, identifier="eks-blueprint-blue"), "one record for both"),
    ("identifiers", Grade.FAIL, source(Side.BLUE, identifier=""), "blue has no set identifier"),
    ("hosts", Grade.FAIL, source(Side.GREEN, hosts=("other.example.com",)), "green's Ingress serves other.example"),
    ("hosts", Grade.FAIL, source(Side.BLUE, hosts=(PLAN.workloads[0].host, "b.example.com")), "serves b.example.com"),
    ("record-policy", Grade.FAIL, more_records(RecordFacts("AAAA", "", None, "simple")), "AAAA record is simple"),
    ("record-policy", Grade.FAIL, more_records(RecordFacts("A", "x", None, "latency")), "A record is latency"),
    ("record-policy", Grade.FAIL, more_records(RecordFacts("A", "third", 5, "weighted")), "third, has weight 5"),
    ("record-policy", Grade.WARN, more_records(RecordFacts("A", "third", 0, "weighted")), "third, has weight 0"),
    ("record-types", Grade.WARN, more_records(AAAA), "blue has A records, green has A and AAAA"),
    ("record-types", Grade.FAIL, both(more_records(AAAA), balancer(Side.GREEN, dualstack=True)), "alone with IPv6"),
    ("record-types", Grade.FAIL, more_records(replace(AAAA, type="CNAME")), "green is alone with CNAME"),
    ("ownership", Grade.FAIL, records(_without_txt), "no ownership record (TXT)"),
    ("ownership", Grade.FAIL, controller(Side.GREEN, owner="renamed"), "its ExternalDNS is renamed"),
    ("zone-twin", Grade.WARN, twin(private=True), "there is a private zone"),
    ("zone-twin", Grade.WARN, twin(private=False), "a second public zone"),
    ("external-dns-runs", Grade.FAIL, controller(Side.BLUE, ready=0), "no ready pod"),
    ("external-dns-runs", Grade.WARN, unseen(Side.BLUE), "is not to be seen"),
    ("external-dns-policy", Grade.FAIL, controller(Side.GREEN, policy="create-only"), "--policy=create-only"),
    ("external-dns-policy", Grade.FAIL, controller(Side.GREEN, dry_run=True), "--dry-run"),
    ("external-dns-policy", Grade.WARN, controller(Side.GREEN, registry="noop"), "--registry=noop"),
    ("external-dns-prefix", Grade.FAIL, controller(Side.GREEN, prefix=STABLE_PREFIX), f"reads {STABLE_PREFIX}"),
    ("external-dns-prefix", Grade.WARN, controller(Side.GREEN, prefix=""), "tells which annotations"),
    ("external-dns-scope", Grade.FAIL, kind_unseen(SourceKind.HTTP_ROUTE), "does not look at any HTTPRoute"),
    ("external-dns-scope", Grade.FAIL, kind_unseen(SourceKind.DNS_ENDPOINT), "does not look at any DNSEndpoint"),
    ("external-dns-dialects", Grade.WARN, controller(Side.GREEN, prefix=STABLE_PREFIX), "are written under both"),
    ("external-dns-scope", Grade.FAIL, controller(Side.BLUE, sources=("service",)), "does not look at any Ingress"),
    ("external-dns-scope", Grade.FAIL, controller(Side.BLUE, domains=("else.com",)), "--domain-filter leaves out"),
    ("external-dns-owners", Grade.FAIL, controller(Side.GREEN, owner="eks-blueprint-blue"), "deletes the other's"),
    ("external-dns-pace", Grade.FAIL, controller(Side.GREEN, interval=5 * MINUTE), "may take 5m to be written"),
    ("external-dns-pace", Grade.WARN, controller(Side.GREEN, interval=3 * MINUTE), "a single loop that fails"),
    ("external-dns-pace", Grade.WARN, controller(Side.GREEN, interval=None), "--interval is not readable"),
    ("external-dns-pace", Grade.WARN, controller(Side.GREEN, cache=MINUTE), "caches records for 1m"),
    ("load-balancer", Grade.FAIL, no_balancer(Side.GREEN), "is no load balancer of this account"),
    ("load-balancer", Grade.FAIL, balancer(Side.GREEN, state="provisioning"), "is provisioning"),
    ("load-balancer", Grade.WARN, balancer(Side.GREEN, kind="network"), "a network load balancer"),
    ("load-balancer", Grade.FAIL, records(_elsewhere), "leads to old.elb.example.com"),
    ("targets", Grade.FAIL, balancer(Side.GREEN, groups=(STICKY, SICK)), "keep its users on blue"),
    ("targets", Grade.FAIL, balancer(Side.BLUE, groups=(STICKY, SICK)), "there is no way back"),
    ("targets", Grade.FAIL, balancer(Side.BLUE, groups=(STICKY, EMPTY)), "0 of 0 targets healthy"),
    ("targets", Grade.FAIL, balancer(Side.BLUE, groups=()), "has no target group"),
    ("targets", Grade.WARN, records(lambda held: replace(held, follows_health=False)), "EvaluateTargetHealth is off"),
    ("clinging", Grade.WARN, balancer(Side.GREEN, keep_alive=timedelta(hours=1)), "for 3600 s after a rollback"),
    ("clinging", Grade.WARN, balancer(Side.GREEN, groups=(STICKY,)), "holds sessions for 7200 s (2h"),
    ("green-answers", Grade.FAIL, answer(Side.GREEN, Heard.STATUS, 500), "green answers 500"),
    ("green-answers", Grade.FAIL, answer(Side.GREEN, Heard.STATUS, 302, detail="to https://x/"), "302 (to https://x/)"),
    ("green-answers", Grade.FAIL, answer(Side.GREEN, Heard.CERTIFICATE, detail="expired"), "the host (expired)"),
    ("green-answers", Grade.FAIL, answer(Side.GREEN, Heard.BROKEN, detail="silence"), "gives no answer (silence)"),
    ("green-answers", Grade.FAIL, answer(Side.GREEN, Heard.UNREACHABLE, detail="internal"), "not reachable from here"),
    ("green-answers", Grade.WARN, answer(Side.GREEN, Heard.STATUS, 200, days_left=13), "good for 13 days more"),
    ("green-answers", Grade.WARN, answer(Side.BLUE, Heard.STATUS, 404), "blue answers 404"),
    ("running-seen", Grade.WARN, runs(Side.GREEN, unseen=("may not list",)), "may not list"),
    ("ready-pods", Grade.FAIL, runs(Side.GREEN, ready={NAME: 0}), "0 ready pods behind its Services, blue has 2"),
    ("ready-pods", Grade.FAIL, runs(Side.BLUE, ready={NAME: 41}), "the first stage of 5 % needs 3"),
    ("ready-pods", Grade.WARN, runs(Side.GREEN, ready={NAME: 1}), "green has 1 ready pods"),
    ("autoscaler-floor", Grade.WARN, runs(Side.GREEN, scalers={}), f"no autoscaler {WEB}"),
    ("autoscaler-floor", Grade.WARN, runs(Side.BLUE, scalers={WEB: ScalerFacts(2, 9, 7)}), "to 2 pods, blue has 7 now"),
    ("autoscaler-floor", Grade.FAIL, runs(Side.BLUE, scalers={WEB: ScalerFacts(2, 20, 12)}), "blue has 12 now"),
    ("clinging", Grade.WARN, balancer(Side.GREEN, groups=(SLOW,)), "last 900 s (deregistration delay)"),
    ("upgrade-insights", Grade.WARN, insights(INSIGHT), "ERROR: Deprecated APIs (Kubernetes 1.32): used lately"),
    ("upgrade-insights", Grade.WARN, insights(None), "may not be read"),
    ("cronjobs", Grade.FAIL, BILLED_TWICE, f"CronJobs run on green and on blue: {BILLED}"),
    ("consumers", Grade.FAIL, MAILED, f"run on green and on blue: team-{NAME}/mailer"),
    ("alarm-state", Grade.FAIL, lambda s: replace(s, alarms={}), "does not exist"),
    ("alarm-state", Grade.FAIL, alarm(AlarmState.ALARM), "already in ALARM (3 datapoints)"),
    ("alarm-state", Grade.WARN, alarm(AlarmState.INSUFFICIENT_DATA), "has no data yet"),
    ("alarm-state", Grade.FAIL, watch(children=("gone",)), "its rule names gone, which does not exist"),
    ("alarm-sight", Grade.FAIL, watch(balancers=("app/old/0",)), "is blind: app/old/0 does not exist"),
    ("alarm-sight", Grade.FAIL, watch(balancers=(BLUE_BALANCER,)), "watches blue's load balancer"),
    ("alarm-sight", Grade.FAIL, watch(balancers=("app/yelb-eks-blueprint-green/1",)), "watches another load balancer"),
    ("alarm-speed", Grade.WARN, watch(speed=5 * MINUTE), "cannot fire in time"),
]  # fmt: skip


def found(check: str, seen: Facts) -> list[Finding]:
    return [finding for finding in examine(seen) if finding.check == check]


OF_SOME = (*alb.CHECKS, *argocd.CHECKS, *switch.CHECKS)
"""The checks of what this plan does not have."""


@pytest.mark.parametrize("check", [check.id for check in CHECKS if check not in OF_SOME])
def test_a_sound_estate_passes(check: str) -> None:
    findings = found(check, facts())

    assert findings
    assert {finding.verdict for finding in findings} == {Grade.PASS}


@pytest.mark.parametrize(
    ("check", "verdict", "change", "words"), TRIPS, ids=[f"{check}: {words}" for check, *_, words in TRIPS]
)
def test_what_is_wrong_trips_its_check_and_says_what_to_do(
    check: str, verdict: Grade, change: Change, words: str
) -> None:
    bad = [finding for finding in found(check, change(facts())) if finding.verdict is not Grade.PASS]

    assert [finding for finding in bad if finding.verdict is verdict and words in finding.evidence], bad
    assert all(finding.fix for finding in bad)


def test_every_check_is_tripped_by_a_test_and_has_its_own_name() -> None:
    ids = [check.id for check in CHECKS]

    assert {check for check, *_ in (*TRIPS, *RULE_TRIPS)} | TRIPPED | SWITCHED == set(ids)
    assert len(set(ids)) == len(ids)


def test_an_alarm_that_exists_in_a_composite_is_seen_through_it() -> None:
    child = WatchFacts(balancers=("app/old/0",), speed=MINUTE)
    seen = both(
        watch(balancers=(), children=("inner",)),
        of_estate(lambda estate: replace(estate, watches={**estate.watches, "inner": child})),
        lambda s: replace(s, alarms={**s.alarms, "inner": Alarm("inner", AlarmState.OK)}),
    )(facts())

    assert any(finding.verdict is Grade.FAIL for finding in found("alarm-sight", seen))


def test_an_alarm_without_a_load_balancer_is_taken_as_it_is() -> None:
    assert found("alarm-sight", watch(balancers=())(facts()))[0].evidence == "watches no load balancer by its dimension"


def test_nothing_is_said_of_what_could_not_be_read_but_that() -> None:
    blind = Facts(PLAN, {}, {}, unread=("Route 53 does not allow it; grant it",))

    assert {finding.check for finding in graded(examine(blind), Grade.FAIL)} == {"answers"}


def test_the_refusal_says_the_same_of_several_once_and_stays_readable() -> None:
    same = [Finding("targets", f"host-{number}", Grade.FAIL, "sick", "heal it") for number in range(3)]
    many = [Finding("targets", "host", Grade.FAIL, f"sick {number}", "heal it") for number in range(TOLD_MAX + 5)]

    assert refusal(same) == "host-0, host-1, host-2: sick; heal it"
    assert refusal(many).splitlines()[-1] == "and 5 more; `crossfade preflight` shows all"
    assert len(refusal(many).splitlines()) == TOLD_MAX + 1


def test_the_timeline_keeps_the_counts_and_the_warnings() -> None:
    findings = examine(alarm(AlarmState.INSUFFICIENT_DATA)(facts()))

    kept = table(findings)

    assert kept["table"]["alarm-state"] == {"warn": 1, "pass": 1}
    assert [words[:34] for words in kept["warnings"]] == [f"{GREEN_ALARM}: has no data yet"[:34]]
    assert "1 with a warning" in summary(findings)


def test_what_is_said_together_keeps_its_order() -> None:
    one, two = Finding("a", "x", Grade.PASS, "e"), Finding("b", "x", Grade.PASS, "e")

    assert [finding.check for finding in together([one, two, replace(one, about="y")])] == ["a", "b"]


def test_a_weight_under_both_prefixes_is_read_by_either() -> None:
    seen = both(
        source(Side.GREEN, prefixes=(ALPHA_PREFIX, STABLE_PREFIX)), controller(Side.GREEN, prefix=STABLE_PREFIX)
    )(facts())

    mine = [finding for finding in found("external-dns-prefix", seen) if finding.about == f"{NAME} green"]
    assert [finding.verdict for finding in mine] == [Grade.PASS]


def test_identifiers_that_are_configured_count_before_those_of_the_ingresses() -> None:
    named = PLAN.workloads[0].model_copy(update={"identifiers": Identifiers(blue="b", green="g")})
    seen = replace(facts(), plan=PLAN.model_copy(update={"workloads": (named,)}))

    assert seen.identifier(named, Side.GREEN) == "g"
    assert any("a third A record" in finding.evidence for finding in found("record-policy", seen))


@pytest.mark.parametrize(
    ("green", "blue", "fix"),
    [
        (Answer(Heard.STATUS, 404), Answer(Heard.STATUS, 404), "blue answers the same: correct `probe.path`"),
        (Answer(Heard.STATUS, 301), GOOD, "probe a path that answers itself"),
        (Answer(Heard.STATUS, 404), GOOD, f"at the rules of its Ingress for {PLAN.workloads[0].host}"),
        (Answer(Heard.CERTIFICATE), GOOD, f"a certificate for {PLAN.workloads[0].host}"),
        (Answer(Heard.BROKEN), GOOD, "look at the listener on port 443"),
        (Answer(Heard.UNREACHABLE), GOOD, "needs them in its VPC), or remove `probe`"),
    ],
)
def test_the_fix_of_a_green_that_does_not_answer_is_told_from_what_was_heard(
    green: Answer, blue: Answer, fix: str
) -> None:
    seen = replace(facts(), probes={NAME: {Side.GREEN: green, Side.BLUE: blue}})

    assert fix in found("green-answers", seen)[0].fix


def test_a_plan_without_probes_passes_and_says_that_nobody_was_asked() -> None:
    seen = replace(facts(), plan=a_plan(), probes={})

    assert [finding.evidence for finding in found("green-answers", seen)] == [
        "no workload has a probe, so nobody was asked"
    ]


def test_without_tls_there_is_no_certificate_to_judge() -> None:
    seen = answer(Side.GREEN, Heard.STATUS, 200)(facts())

    assert "without TLS there is no certificate" in found("green-answers", seen)[0].evidence


@pytest.mark.parametrize(
    ("check", "tripped", "what"),
    [
        ("cronjobs", BILLED_TWICE, Acknowledged.CRONJOBS),
        ("consumers", MAILED, Acknowledged.CONSUMERS),
    ],
)
def test_what_runs_twice_passes_once_somebody_has_acknowledged_it(
    check: str, tripped: Change, what: Acknowledged
) -> None:
    seen = both(tripped, declared(acknowledge=(what,)))(facts())
    if check == "consumers":
        seen = both(tripped, declared(consumers=("mailer",), acknowledge=(what,)))(facts())

    mine = next(finding for finding in found(check, seen) if finding.about == NAME)

    assert mine.verdict is Grade.PASS
    assert mine.evidence.endswith("; acknowledged")


def test_what_runs_on_one_side_only_is_nobodys_business() -> None:
    seen = both(declared(consumers=("mailer",)), runs(Side.BLUE, jobs=BILL, consumers=MAILER))(facts())

    assert {finding.verdict for check in ("cronjobs", "consumers") for finding in found(check, seen)} == {Grade.PASS}
