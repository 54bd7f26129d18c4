"""Parts about what people write: the keys of the configuration and of a start, presets and the weights they become."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from crossfade.adapters.config_file import read_config
from crossfade.core.config import Config
from crossfade.core.duration import format_duration
from crossfade.core.forms import Between, Form
from crossfade.core.model import Model
from crossfade.core.presets import Preset, stages_of
from crossfade.core.resolve import MigrationInput
from tools.reference.markdown import CONFIG_FILE, Lines, table


def config_keys() -> Lines:
    """A table of all keys for every part of the configuration."""
    rows = list(_keys(Config, ""))
    tops = dict.fromkeys(re.split(r"[.\[]", path)[0] for path, *_ in rows)
    for top in tops:
        yield from ("", f"### `{top}`", "")
        yield from table(
            ["Key", "What it is", "Default", "Meaning"],
            ([f"`{path}`", *rest] for path, *rest in rows if re.split(r"[.\[]", path)[0] == top),
        )
    yield ""


def key_paths(model: type[Model] = Config) -> list[str]:
    """The paths of all keys, such as `plans.NAME.stages[].share`, parents before their children."""
    return [path for path, *_ in _keys(model, "")]


def _keys(model: type[Model], above: str) -> Iterator[tuple[str, str, str, str]]:
    for name, field in model.model_fields.items():
        path = f"{above}{field.alias or name}"
        inner, path = _inner(field.annotation, path)
        described = field.description or (cleandoc(inner.__doc__ or "") if inner else "")
        yield path, _form(field), _default(field), described
        if inner:
            yield from _keys(inner, f"{path}.")


_MARKS: Final[Mapping[object, str]] = {tuple: "[]", dict: ".NAME"}


def _inner(annotation: object, path: str) -> tuple[type[Model] | None, str]:
    """The model below a field, and the path of its keys: lists are written `[]`, names of people's choice `NAME`."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation, path
    for part in get_args(annotation):
        mark = _MARKS.get(get_origin(annotation), "")
        inner, below = _inner(part, f"{path}{mark}")
        if inner:
            return inner, below
    return None, path


_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    datetime: "instant with a zone",
    float: "number",
    int: "whole number",
    str: "text",
    timedelta: "duration",
}


def _form(field: FieldInfo) -> str:
    return _bounded(_kind(field.annotation), field.metadata)


def _kind(annotation: object) -> str:
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part not in (NoneType, ...)]
    if isinstance(annotation, type):
        return _plain_kind(annotation)
    if hasattr(annotation, "__metadata__"):
        return _bounded(_kind(parts[0]), annotation.__metadata__)
    if origin in (Union, UnionType):
        return _kind(parts[0])
    if origin is dict:
        return "mapping, an entry each"
    return f"`{parts[0]}`" if origin is Literal else _list_of(_kind(parts[0]))


def _plain_kind(kind: type) -> str:
    if issubclass(kind, StrEnum):
        return "one of " + ", ".join(f"`{value.value}`" for value in kind)
    return _KINDS.get(kind, "mapping")


def _list_of(kind: str) -> str:
    return "list" if kind == "mapping" else f"list; each {kind}"


def _bounded(kind: str, metadata: Iterable[object]) -> str:
    """*kind* with what *metadata* demands of it."""
    for each in metadata:
        if isinstance(each, Form):
            kind = each.rule.removeprefix("must be ").replace("must start", "text that starts")
        elif isinstance(each, Between):
            longest = f", at most {format_duration(each.longest)}" if each.longest else ""
            kind += f", at least {format_duration(each.shortest)}{longest}"
        elif isinstance(each, Gt):
            kind += f", above {each.gt}"
        elif isinstance(each, Ge):
            kind += f", at least {each.ge}"
        elif isinstance(each, Le):
            kind += f", at most {each.le}"
        elif isinstance(each, FieldInfo):
            kind = _bounded(kind, each.metadata)
    return kind


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.is_required():
        return "required"
    if value is None or value is PydanticUndefined or value in ((), "") or isinstance(value, Model):
        return "none"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def input_keys() -> Lines:
    """The keys that a start may have."""
    meanings = attributes(MigrationInput)
    fields = MigrationInput.model_fields
    rows = ([f"`{field.alias or name}`", _form(field), _plain(meanings[name])] for name, field in fields.items())
    return table(["Key", "What it is", "Meaning"], rows)


def _plain(meaning: str) -> str:
    """*meaning* without Python's word for nothing."""
    return meaning.replace("; None for ", "; without it, ")


def attributes(documented: type) -> dict[str, str]:
    """What the section `Attributes:` of a docstring says of each, one line each."""
    section = cleandoc(documented.__doc__ or "").partition("Attributes:\n")[2]
    found = re.finditer(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE)
    return {each[1]: re.sub(r"\s+", " ", each[2]) for each in found}


def presets() -> Lines:
    """The stages that each preset stands for."""
    rows = (
        [
            f"`{preset.value}`",
            ", ".join(f"{s.share_percent:g} % for {format_duration(s.bake)}" for s in stages_of(preset)),
        ]
        for preset in Preset
    )
    return table(["Preset", "Stages"], rows)


def stage_weights() -> Lines:
    """The weights of the default plan of the shipped configuration."""
    config = read_config(CONFIG_FILE, now=None)
    stages = config.plan(config.default_plan).stages
    rows = ([f"{s.share_percent:g} %", f"{s.blue}", f"{s.green}", f"{s.split.share_percent:.2f} %"] for s in stages)
    return table(["Wanted share", "Blue's weight", "Green's weight", "Share of DNS answers"], rows)
