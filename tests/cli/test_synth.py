"""The synthesised template is made once for each state of the sources, whoever asks for it at the same time."""

import json
from pathlib import Path

from crossfade.cli.synth import template


def assembly(out: Path) -> None:
    (out / "asset.1").mkdir()
    (out / "Crossfade.template.json").write_text(json.dumps({"Resources": {}}), encoding="utf-8")


def test_two_that_ask_at_once_both_get_it(tmp_path: Path) -> None:
    config, kept = tmp_path / "crossfade.yaml", tmp_path / "kept"
    config.write_text("version: 1", encoding="utf-8")

    def overtaken(config_file: Path, out: Path) -> None:
        """Somebody else begins later and is ready first."""
        assert template(config_file, kept=kept, synthesise=lambda _, theirs: assembly(theirs)) == {"Resources": {}}
        assembly(out)

    assert template(config, kept=kept, synthesise=overtaken) == {"Resources": {}}
    assert [path.suffix for path in kept.iterdir()] == [".json"]


def test_it_is_made_once_and_anew_for_another_configuration(tmp_path: Path) -> None:
    config, made = tmp_path / "crossfade.yaml", []

    def synthesise(config_file: Path, out: Path) -> None:
        made.append(config_file.read_text(encoding="utf-8"))
        assembly(out)

    for text in ("version: 1", "version: 1", "version: 1 # another"):
        config.write_text(text, encoding="utf-8")
        template(config, kept=tmp_path / "kept", synthesise=synthesise)

    assert made == ["version: 1", "version: 1 # another"]
