"""Definitions in files: YAML with one or more documents, or JSON.

A document is ``{name, handle?, description?, published_as_tool?, tags?, spec}`` or a
bare spec, whose name is the workflow's.
"""

import math
from collections.abc import Hashable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from apps.kernel.errors import Invalid
from apps.workflows.requests import read_new_workflow
from apps.workflows.services.create import NewWorkflow
from apps.workflows.specs import check_spec

FILE_BYTES_MAX = 8 * 1024 * 1024
DOCUMENTS_MAX = 100
#: Anchors can make a small file huge; this is what may come of one.
VALUES_MAX = 200_000


def read_workflows(path: Path) -> list[NewWorkflow]:
    """Return the definitions of a file, each checked as the API would.

    Raises:
        Invalid: ``details["fields"]`` lists every problem of every document; with
            several documents a path starts with ``document 2:``.
    """
    documents = _load(path)
    found: list[NewWorkflow] = []
    problems: list[dict[str, str]] = []
    for number, document in enumerate(documents, start=1):
        at = f"document {number}: " if len(documents) > 1 else ""
        try:
            found.append(_read_one(document))
        except Invalid as refusal:
            fields: Any = refusal.details["fields"]
            problems += [{**field, "path": at + field["path"]} for field in fields]
    if problems:
        raise _refusal(problems)
    return found


def _read_one(document: object) -> NewWorkflow:
    values = count()
    plain = _plain(document, "", values)
    if isinstance(plain, dict) and "spec" not in plain and "steps" in plain:
        plain = {"name": plain.get("name"), "spec": plain}
    new = read_new_workflow(plain)
    check_spec(new.spec)
    return new


def _load(path: Path) -> list[Any]:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise _broken(path, f"larger than {FILE_BYTES_MAX} bytes")
        text = path.read_text(encoding="utf-8")
        # JSON is YAML, so one reader is enough. The loader is a SafeLoader.
        loaded = yaml.load_all(text, Loader=_Loader)
        documents = [document for document in loaded if document is not None]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise _broken(path, str(error)) from None
    if not 1 <= len(documents) <= DOCUMENTS_MAX:
        raise _broken(path, f"expected 1 to {DOCUMENTS_MAX} documents")
    return documents


def _broken(path: Path, message: str) -> Invalid:
    return _refusal([{"path": path.name, "message": message}])


def _refusal(problems: list[dict[str, str]]) -> Invalid:
    first = problems[0]
    return Invalid(
        f"{first['path']}: {first['message']}", path=first["path"], fields=problems
    )


class _Loader(yaml.SafeLoader):
    """YAML as JSON sees it: instants stay text, a key twice is an error."""

    yaml_implicit_resolvers = {
        sign: [
            (tag, pattern)
            for tag, pattern in resolvers
            if tag != "tag:yaml.org,2002:timestamp"
        ]
        for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} is given twice", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _plain(value: Any, path: str, values: "count[int]") -> Any:
    """Return ``value`` as JSON would hold it, without shared parts.

    Raises:
        Invalid: it holds something that JSON does not know.
    """
    if next(values) > VALUES_MAX:
        raise _refusal([{"path": path, "message": f"more than {VALUES_MAX} values"}])
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                message = f"the key {key!r} is no text; put it in quotes"
                raise _refusal([{"path": path or "document", "message": message}])
        return {
            key: _plain(part, f"{path}.{key}" if path else key, values)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [
            _plain(part, f"{path}[{index}]", values) for index, part in enumerate(value)
        ]
    finite = not isinstance(value, float) or math.isfinite(value)
    if value is None or (isinstance(value, str | bool | int | float) and finite):
        return value
    raise _refusal([{"path": path, "message": "expected a JSON value"}])
