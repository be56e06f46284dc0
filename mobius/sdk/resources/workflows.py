"""Workflows: ``client.workflows``. A workflow is
``{id, name, handle, description?, latest_version, published_as_tool, tags, created_by,
created_at, updated_at}``, with its ``spec`` where it stands alone."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from mobius.sdk.calls import Call, Exchange, Json
from mobius.sdk.configuration import part
from mobius.sdk.errors import ConfigurationError, NotFound
from mobius.sdk.resources.verbs import (
    AsyncResource,
    Resource,
    awaits,
    ayields,
    does,
    present,
    yields,
)

Outcome = Literal["created", "updated", "unchanged"]
_FIELDS: Final = ("name", "handle", "description", "published_as_tool", "tags", "spec")


class Plan(NamedTuple):
    """What applying a definition would do. ``current`` is the workflow as it is, None
    if there is none; ``changes`` are the fields that would be sent."""

    outcome: Outcome
    current: Json | None
    changes: Json


def list_all(*, tag: str | None = None, limit: int | None = None) -> Call:
    """Yield every workflow, newest first, without specs; ``limit`` per page."""
    return Call("GET", "workflows", {"tag": tag, "limit": limit})


def get(workflow: str) -> Exchange[Json]:
    """Return one workflow, by id or handle, with its latest spec."""
    found: Json = yield Call("GET", f"workflows/{part(workflow, 'workflow')}")
    return found


def create(
    name: str,
    spec: Mapping[str, Any],
    *,
    handle: str | None = None,
    description: str | None = None,
    published_as_tool: bool | None = None,
    tags: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Exchange[Json]:
    """Create a workflow. Without ``handle`` one is derived from the name.

    Raises:
        Conflict: the name or the handle is taken.
    """
    body = present(
        name=name,
        spec=spec,
        handle=handle,
        description=description,
        published_as_tool=published_as_tool,
        tags=tags,
    )
    made: Json = yield Call(
        "POST", "workflows", body=body, idempotency_key=idempotency_key
    )
    return made


def update(workflow: str, **changes: Any) -> Exchange[Json]:
    """Change ``name``, ``description``, ``published_as_tool``, ``tags`` or ``spec``;
    another spec makes a version. With ``expected_version`` only if that is the latest.

    Raises:
        Conflict: it is not, or the name is taken.
    """
    path = f"workflows/{part(workflow, 'workflow')}"
    changed: Json = yield Call("PATCH", path, body=changes)
    return changed


def delete(workflow: str) -> Exchange[None]:
    """Delete a workflow; runs in flight go on."""
    yield Call("DELETE", f"workflows/{part(workflow, 'workflow')}")


def plan(definition: Mapping[str, Any]) -> Exchange[Plan]:
    """Say what ``apply`` would do, and do nothing."""
    wanted = _read(definition)
    found = yield from _find(wanted)
    if found is None:
        return Plan("created", None, wanted)
    changes = {
        field: value
        for field, value in wanted.items()
        if field != "handle" and found.get(field) != value
    }
    return Plan("updated" if changes else "unchanged", found, changes)


def apply(definition: Mapping[str, Any]) -> Exchange[Json]:
    """Make the project hold this workflow and return it: created, changed or as it was.

    ``definition`` holds ``name``, ``spec`` and whatever ``create`` takes, or is a spec
    by itself (``name`` and ``steps``). The workflow is looked up by ``handle`` if that
    is given, else by ``name``. What is not given stays as it is.

    Raises:
        Conflict: somebody else changed it at the same moment, or a name is taken.
    """
    planned = yield from plan(definition)
    if planned.current is None:
        return (yield from create(**planned.changes))
    if not planned.changes:
        return planned.current
    expected = planned.current["latest_version"]
    changes = {**planned.changes, "expected_version": expected}
    return (yield from update(planned.current["id"], **changes))


def _read(definition: Mapping[str, Any]) -> Json:
    if not isinstance(definition, Mapping):
        raise ConfigurationError("definition: expected an object")
    wanted = dict(definition)
    if "spec" not in wanted and "steps" in wanted:
        wanted = {"name": wanted.get("name"), "spec": wanted}
    unknown = [str(field) for field in wanted if field not in _FIELDS]
    if unknown:
        raise ConfigurationError(
            f"definition.{unknown[0]}: expected one of {', '.join(_FIELDS)}"
        )
    for field, kind, what in (("name", str, "a text"), ("spec", Mapping, "an object")):
        if not isinstance(wanted.get(field), kind) or not wanted[field]:
            raise ConfigurationError(f"definition.{field}: expected {what}")
    return {name: value for name, value in wanted.items() if value is not None}


def _find(wanted: Mapping[str, Any]) -> Exchange[Json | None]:
    if "handle" in wanted:
        try:
            return (yield from get(wanted["handle"]))
        except NotFound:
            return None
    cursor = None
    while True:
        page = yield Call("GET", "workflows", {"limit": 200, "cursor": cursor})
        for item in page["items"]:
            if item["name"] == wanted["name"]:
                return (yield from get(item["id"]))
        cursor = page.get("next_cursor")
        if not cursor:
            return None


class Workflows(Resource):
    """Workflows of the project."""

    list = yields(list_all)
    get = does(get)
    create = does(create)
    update = does(update)
    delete = does(delete)
    plan = does(plan)
    apply = does(apply)


class AsyncWorkflows(AsyncResource):
    """Workflows of the project."""

    list = ayields(list_all)
    get = awaits(get)
    create = awaits(create)
    update = awaits(update)
    delete = awaits(delete)
    plan = awaits(plan)
    apply = awaits(apply)
