"""Which prefix an ExternalDNS reads, and what an Ingress says under it."""

import pytest

from crossfade.adapters.external_dns_dialect import parse_weight, prefix_of, words_of
from crossfade.adapters.kubernetes_objects import Container
from crossfade.names import ALPHA_PREFIX, EPOCH_ANNOTATION, STABLE_PREFIX

IMAGE = "registry.k8s.io/external-dns/external-dns"
ALPHA = {f"{ALPHA_PREFIX}aws-weight": "5", f"{ALPHA_PREFIX}set-identifier": "green"}
STABLE = {f"{STABLE_PREFIX}aws-weight": "5", f"{STABLE_PREFIX}set-identifier": "green"}


def container(image: str = f"{IMAGE}:v0.15.1", *arguments: str, **environment: str) -> Container:
    return Container(image, arguments, environment)


@pytest.mark.parametrize(
    ("running", "prefix"),
    [
        pytest.param(container(f"{IMAGE}:v0.13.5"), ALPHA_PREFIX, id="the blog's version"),
        pytest.param(container(f"{IMAGE}:v0.21.0"), ALPHA_PREFIX, id="the last alpha version"),
        pytest.param(container(f"{IMAGE}:v0.22.0"), STABLE_PREFIX, id="the first stable version"),
        pytest.param(container(f"{IMAGE}:v1.0.0"), STABLE_PREFIX, id="a later major version"),
        pytest.param(container(f"{IMAGE}:v0.22.0@sha256:0123"), STABLE_PREFIX, id="tag and digest"),
        pytest.param(container("localhost:5000/external-dns:0.14.2-debian-11-r0"), ALPHA_PREFIX, id="another build"),
        pytest.param(container(f"{IMAGE}@sha256:0123"), None, id="a digest alone does not tell"),
        pytest.param(container(f"{IMAGE}:latest"), None, id="a moving tag does not tell"),
        pytest.param(container("registry:5000/external-dns"), None, id="a port is no tag"),
        pytest.param(
            container(f"{IMAGE}:v0.22.0", f"--annotation-prefix={ALPHA_PREFIX}"), ALPHA_PREFIX, id="the flag wins"
        ),
        pytest.param(
            container(f"{IMAGE}:v0.15.1", "--annotation-prefix", "dns.example.com/"), "dns.example.com/", id="two words"
        ),
        pytest.param(container(f"{IMAGE}:v0.22.0", "--annotation-prefix=a.b"), "a.b/", id="the slash is added"),
        pytest.param(
            container(f"{IMAGE}:v0.15.1", EXTERNAL_DNS_ANNOTATION_PREFIX=STABLE_PREFIX), STABLE_PREFIX, id="variable"
        ),
        pytest.param(None, None, id="unseen"),
    ],
)
def test_the_prefix_follows_flag_then_version(running: Container | None, prefix: str | None) -> None:
    assert prefix_of(running) == prefix


@pytest.mark.parametrize(
    ("annotations", "prefix", "written"),
    [
        pytest.param(ALPHA, ALPHA_PREFIX, [ALPHA_PREFIX], id="known, one"),
        pytest.param(STABLE, None, [STABLE_PREFIX], id="unknown, one"),
        pytest.param(ALPHA | STABLE, STABLE_PREFIX, [STABLE_PREFIX, ALPHA_PREFIX], id="known, both kept in step"),
        pytest.param(ALPHA | STABLE, None, [ALPHA_PREFIX, STABLE_PREFIX], id="unknown, both"),
    ],
)
def test_a_weight_is_written_under_every_prefix_that_may_count(
    annotations: dict[str, str], prefix: str | None, written: list[str]
) -> None:
    words = words_of(annotations, prefix)

    assert (words.weight, words.identifier, words.note) == (5, "green", "")
    weights = {f"{prefix}aws-weight": "50" for prefix in written}
    assert words.patch(50, 7) == {"metadata": {"annotations": weights | {EPOCH_ANNOTATION: "7"}}}
    assert words.patch(None, 7) == {"metadata": {"annotations": {EPOCH_ANNOTATION: "7"}}}


def test_a_weight_under_the_prefix_that_is_not_read_is_no_weight() -> None:
    words = words_of(ALPHA, STABLE_PREFIX)

    assert (words.weight, words.identifier) == (None, "")
    assert f"{STABLE_PREFIX}aws-weight" in words.note


def test_two_weights_that_differ_are_no_weight_while_nobody_knows_which_one_counts() -> None:
    differing = ALPHA | STABLE | {f"{STABLE_PREFIX}aws-weight": "6"}

    assert words_of(differing, None).weight is None
    assert "make both equal" in words_of(differing, None).note
    assert words_of(differing, STABLE_PREFIX).weight == 6


def test_an_ingress_without_any_weight_is_read_as_such() -> None:
    words = words_of({}, None)

    assert (words.prefixes, words.weight, words.epoch) == ((), None, 0)
    assert "add it" in words.note


@pytest.mark.parametrize("value", ["0", "1", "99", "255"])
def test_a_canonical_weight_is_read(value: str) -> None:
    assert parse_weight(value) == int(value)


@pytest.mark.parametrize(
    "value", ["", "050", "00", "256", "300", "1000", "-1", "+5", " 5", "5 ", "1.5", "abc", "1\u0665"]
)
def test_anything_else_is_no_weight(value: str) -> None:
    assert parse_weight(value) is None


def test_a_weight_that_is_not_canonical_is_named_with_the_fix() -> None:
    words = words_of(ALPHA | {f"{ALPHA_PREFIX}aws-weight": "050"}, ALPHA_PREFIX)

    assert words.weight is None
    assert "'050'" in words.note
    assert "0 to 255" in words.note


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5"])
def test_an_epoch_that_is_no_number_fences_nobody_off(value: str) -> None:
    assert words_of({**ALPHA, EPOCH_ANNOTATION: value}, ALPHA_PREFIX).epoch == 0
