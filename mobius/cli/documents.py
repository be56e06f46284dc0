"""Files of YAML or JSON: objects that know on which line each of their parts stands.

JSON is YAML, so one reader is enough. Values are those of JSON: instants stay text,
names are text and stand once. Anchors may make a small file huge: ``VALUES_MAX``.
"""

import math
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from mobius.cli.failures import UsageFailure
from mobius.cli.inputs import read_text, shown_name

VALUES_MAX: Final = 200_000
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_PART: Final = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Document:
    """One object of a file; ``place`` is where it begins, as ``flow.yaml:12``."""

    file: str
    value: dict[str, Any]
    node: yaml.Node = field(repr=False)

    @property
    def place(self) -> str:
        """Where it begins."""
        return _place(self.file, self.node)

    def place_of(self, path: str) -> str:
        """Where the part at ``steps[1].name`` stands, or the part of it that does."""
        return f"{self.file}:{_mark_at(self.node, path).line + 1}"


def read_documents(name: str) -> list[Document]:
    """The objects in a file or on standard input (``-``): one, several documents, or
    lists of them.

    Raises:
        UsageFailure: names file, line and column of what is wrong.
    """
    file = shown_name(name)
    try:
        documents = list(_documents(file, read_text(name)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        said = error.problem or error.context or "it is neither YAML nor JSON"
        raise UsageFailure(f"{file}{where}: {said}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageFailure(f"{file}: {error}") from None
    if not documents:
        raise UsageFailure(f"{file}: expected at least one object, found none")
    return documents


def _documents(file: str, text: str) -> Iterator[Document]:
    for node in yaml.compose_all(text, _Loader):
        if node is None or node.tag == "tag:yaml.org,2002:null":
            continue
        many = isinstance(node, yaml.SequenceNode)
        for one in node.value if many else [node]:
            if not isinstance(one, yaml.MappingNode):
                raise UsageFailure(f"{_place(file, one)}: expected an object")
            yield Document(file, _value_of(file, one), one)


def _value_of(file: str, node: yaml.Node) -> dict[str, Any]:
    loader = _Loader("")
    try:
        value = loader.construct_document(node)
    finally:
        loader.dispose()
    plain: dict[str, Any] = _plain(file, node, value, [VALUES_MAX])
    return plain


def _plain(file: str, node: yaml.Node, value: Any, left: list[int]) -> Any:
    """The value without shared parts, as JSON would hold it."""
    left[0] -= 1
    if left[0] < 0:
        raise UsageFailure(f"{file}: more than {VALUES_MAX} values")
    if isinstance(value, dict):
        return {n: _plain(file, node, found, left) for n, found in value.items()}
    if isinstance(value, list):
        return [_plain(file, node, found, left) for found in value]
    is_number = isinstance(value, float)
    if (
        value is None
        or isinstance(value, str | bool | int)
        or (is_number and math.isfinite(value))
    ):
        return value
    raise UsageFailure(f"{_place(file, node)}: {value!r} is not a value of JSON")


class _Loader(yaml.SafeLoader):
    """YAML as JSON sees it: instants stay text, a name is text and stands once."""

    yaml_implicit_resolvers = {
        sign: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                continue
            name = getattr(key, "value", None)
            problem = None
            if key.tag != "tag:yaml.org,2002:str":
                problem = f"expected a name, found {name!r}; put it in quotes"
            elif name in seen:
                problem = f"{name} is given twice"
            if problem:
                raise yaml.constructor.ConstructorError(
                    None, None, problem, key.start_mark
                )
            seen.add(str(name))
        return super().construct_mapping(node, deep=deep)


def _mark_at(node: yaml.Node, path: str) -> yaml.Mark:
    """Where the part at a path begins, or the last one on the way that exists."""
    mark = node.start_mark
    for name, index in _PART.findall(path):
        if name and isinstance(node, yaml.MappingNode):
            found = [(k.start_mark, v) for k, v in node.value if k.value == name]
        elif index and isinstance(node, yaml.SequenceNode):
            items = node.value[int(index) : int(index) + 1]
            found = [(item.start_mark, item) for item in items]
        else:
            found = []
        if not found:
            break
        mark, node = found[0]
    return mark


def _place(file: str, node: yaml.Node) -> str:
    return f"{file}:{node.start_mark.line + 1}"
