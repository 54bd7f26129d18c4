"""The configuration as a YAML file: bytes to a document, and nothing else; `core.config` judges what it says.

Only what JSON can say is read: instants stay text, tags and merge keys mean nothing, keys are texts and stand once.
So an editor's JSON Schema and this file see the same document.

Limits: 64 KiB and 50 levels, as people do not write more; they also bound how long reading takes, and what aliases
can unfold to.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from crossfade.core.config import Config, check_config
from crossfade.core.fault import Path as FieldPath
from crossfade.core.fault import sentence
from crossfade.errors import InvalidConfigError

BYTES_MAX = 64 * 1024
LEVELS_MAX = 50

_NOT_JSON = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")


_PLAINLY = {
    "found character '\\t' that cannot start any token": "found a tab; YAML is indented with spaces",
    "but found another document": "a second document begins here; keep one",
}
"""What PyYAML calls the two faults that people make most, and what we call them."""


class _TooDeepError(Exception):
    """There are more than LEVELS_MAX levels; never leaves this file."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without what JSON does not have; a merge key would unfold without bound."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._level = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        peek: Callable[[], Any] = self.peek_event
        event = peek()
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(None, None, "a tag has no meaning here; remove it", event.start_mark)
        self._level += 1
        if self._level > LEVELS_MAX:
            raise _TooDeepError
        node = super().compose_node(parent, index)
        self._level -= 1
        return node


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_JSON]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_config(path: Path, *, now: datetime | None) -> Config:
    """
    Read and check the configuration in *path*.

    Args:
        path: Of the YAML file.
        now: UTC, to refuse plans that have expired; None to let them pass.

    Raises:
        InvalidConfigError: With every fault.
    """
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        rule = f"cannot be read from {path} ({error.strerror}); give the path of a crossfade.yaml"
        raise _refusal(rule) from error
    return parse_config(_decoded(content), now=now)


def parse_config(text: str, *, now: datetime | None) -> Config:
    """
    Check the configuration in *text*.

    Args:
        text: YAML.
        now: UTC, to refuse plans that have expired; None to let them pass.

    Raises:
        InvalidConfigError: With every fault.
    """
    document, faults = _load(text)
    try:
        config = check_config(document, now=now)
    except InvalidConfigError as error:
        raise InvalidConfigError([*faults, *error.faults]) from error
    if faults:
        raise InvalidConfigError(faults)
    return config


def _decoded(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise _too_large()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise _refusal("is not UTF-8 text; save the file as UTF-8") from error


def _load(text: str) -> tuple[object, list[str]]:
    if len(text.encode(errors="surrogatepass")) > BYTES_MAX:
        raise _too_large()
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise _refusal("is empty; begin it with version: 1")
        return loader.construct_document(node), list(_key_faults(node, (), set()))
    except yaml.YAMLError as error:
        rule = f"is not YAML; {_where(error)}"
        raise _refusal(rule) from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise _refusal("holds a number that is far too long; shorten it") from error
    except _TooDeepError as error:
        raise _refusal("is nested too deeply; a configuration needs few levels") from error


def _key_faults(node: yaml.Node, path: FieldPath, seen: set[int]) -> Iterator[str]:
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, entry in enumerate(node.value):
            yield from _key_faults(entry, (*path, index), seen)
        return
    keys: set[str] = set()
    for key, value in node.value:
        at = (*path, str(key.value))
        if key.tag != "tag:yaml.org,2002:str":
            yield sentence(at, "is a key that is not text; put it in quotes")
        elif key.value in keys:
            yield sentence(at, f"stands here twice, again in line {key.start_mark.line + 1}; remove one")
        keys.add(key.value)
        yield from _key_faults(value, at, seen)


def _where(error: yaml.YAMLError) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        problem = _PLAINLY.get(str(error.problem), error.problem)
        return f"look at line {mark.line + 1}, column {mark.column + 1}: {problem}"
    return f"look for characters that do not belong there: {str(error).splitlines()[0]}"


def _too_large() -> InvalidConfigError:
    return _refusal(f"is larger than {BYTES_MAX // 1024} KiB; split the estate into several deployments")


def _refusal(rule: str) -> InvalidConfigError:
    return InvalidConfigError([sentence(("configuration",), rule)])
