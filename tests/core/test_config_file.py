"""The configuration as a file: what YAML may do, and what it may not."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crossfade.adapters.config_file import BYTES_MAX, parse_config, read_config
from crossfade.core.config import check_config
from crossfade.errors import InvalidConfigError
from tests.core.documents import NOW, valid

TEXT: str = yaml.safe_dump(valid(), sort_keys=False)


def refusal(text: str) -> list[str]:
    with pytest.raises(InvalidConfigError) as caught:
        parse_config(text, now=NOW)
    return caught.value.faults


def test_a_file_says_what_its_document_says(tmp_path: Path) -> None:
    file = tmp_path / "crossfade.yaml"
    file.write_text(TEXT, encoding="utf-8")

    assert read_config(file, now=NOW) == check_config(valid(), now=NOW)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "configuration: is empty; begin it with version: 1", id="empty"),
        pytest.param("# nothing\n", "configuration: is empty; begin it with version: 1", id="only a comment"),
        pytest.param("- version: 1\n", "configuration: must be a mapping", id="a list"),
        pytest.param("version", "configuration: must be a mapping", id="a word"),
        pytest.param("version: 1\n  clusters: {}\n", "is not YAML; look at line 2, column 11", id="bad indentation"),
        pytest.param("a: [1, 2\n", "is not YAML; look at line 2, column 1", id="an open bracket"),
        pytest.param("a: \x07", "is not YAML; look for characters that do not belong there", id="a bell"),
        pytest.param("a: 1\n---\nb: 2\n", "is not YAML; look at line 2, column 1", id="two documents"),
        pytest.param("a: *b\n", "is not YAML; look at line 1, column 4: found undefined alias", id="no such anchor"),
        pytest.param("a: !!python/name:os.system x\n", "a tag has no meaning here; remove it", id="a Python tag"),
        pytest.param("a: !!timestamp x\n", "a tag has no meaning here; remove it", id="a tag of YAML's own"),
        pytest.param(f"a: {'9' * 5000}\n", "holds a number that is far too long", id="a number of 5,000 digits"),
        pytest.param("[" * 20_000, "is nested too deeply", id="twenty thousand brackets"),
        pytest.param("#" * (BYTES_MAX + 1), "is larger than 64 KiB", id="too large"),
        pytest.param("#" + "ü" * (BYTES_MAX // 2), "is larger than 64 KiB", id="too large in bytes"),
    ],
)
def test_what_is_not_a_configuration_is_refused_with_one_sentence(text: str, words: str) -> None:
    found = refusal(text)

    assert len(found) == 1
    assert words in found[0]


def test_a_file_of_exactly_the_limit_is_read() -> None:
    parse_config(TEXT + "#" * (BYTES_MAX - len(TEXT)), now=NOW)


def test_a_key_that_stands_twice_is_refused_beside_all_other_faults() -> None:
    found = refusal(TEXT.replace("version: 1", "version: 2") + "defaultPlan: quick\n")

    assert found == [
        f"defaultPlan: stands here twice, again in line {TEXT.count(chr(10)) + 1}; remove one",
        "version: must be 1",
    ]


def test_a_key_that_stands_twice_far_inside_is_named_with_its_path() -> None:
    text = TEXT.replace("    - share: 1\n", "    - share: 1\n      share: 2\n")

    assert refusal(text)[0].startswith("plans.standard.stages[0].share: stands here twice")


def test_a_key_that_is_not_text_is_refused() -> None:
    assert "1: is a key that is not text; put it in quotes" in refusal(TEXT + "1: x\n")


def test_instants_are_read_without_quotes_as_with_them() -> None:
    text = TEXT.replace("'2026-06-30T18:00:00+02:00'", "2026-06-30T18:00:00+02:00")

    assert text != TEXT
    assert parse_config(text, now=NOW) == parse_config(TEXT, now=NOW)


def test_an_instant_without_a_zone_is_refused_without_quotes_too() -> None:
    text = TEXT.replace("'2026-06-30T18:00:00+02:00'", "2026-06-30 18:00:00")

    assert "has no time zone" in refusal(text)[0]


def test_an_anchor_may_share_a_list() -> None:
    shared = TEXT.replace("  alarms:\n  - green-health\n", "  alarms: &shared\n  - green-health\n")
    text = shared.replace("  alarms:\n  - green-cart-5xx\n  - green-health\n", "  alarms: [green-health]\n")

    assert parse_config(text + "\n", now=NOW).workloads[0].alarms == ("green-health",)


def test_aliases_that_unfold_to_a_billion_entries_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    lines += ["workloads: *a9", "plans: {p: {stages: *a9}}", "triggers: {schedules: *a9}", "clusters: *a9"]

    assert len(refusal("\n".join(lines))) > 10


def test_merge_keys_have_no_meaning() -> None:
    found = refusal(TEXT + "x: &x {a: 1}\ny:\n  <<: [*x, *x]\n")

    assert "x: is not a key here; remove it" in found


def test_a_list_that_holds_itself_is_refused() -> None:
    assert refusal("version: 1\nworkloads: &w [*w]\nclusters: &c {blue: *c, green: *c}\n")


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError, match=r"configuration: cannot be read from .*nowhere\.yaml"):
        read_config(tmp_path / "nowhere.yaml", now=NOW)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"version: 1 # \xe4"], ids=["UTF-16", "Latin-1"])
def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "crossfade.yaml"
    file.write_bytes(content)

    with pytest.raises(InvalidConfigError, match="is not UTF-8 text; save the file as UTF-8"):
        read_config(file, now=NOW)


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "crossfade.yaml"
    with file.open("wb") as sparse:
        sparse.truncate(1 << 40)

    with pytest.raises(InvalidConfigError, match="is larger than 64 KiB"):
        read_config(file, now=NOW)


SNIPPETS = st.sampled_from(
    (
        ": ",
        "- ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!str ",
        "? ",
        "| ",
        '"',
        "'",
        "#",
        "<<: ",
        "=",
        "~",
        "\t",
    )
) | st.sampled_from(("version: 1\n", "1", ".nan", "0x1g", "1:30", "2026-01-01", '"\\ud800"', "%YAML 1.1\n", "---\n"))


@given(text=st.lists(SNIPPETS | st.text(max_size=3), max_size=30).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert all(": " in fault for fault in refusal(text))
