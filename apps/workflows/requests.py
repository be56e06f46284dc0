"""Reading definitions, from requests and from files."""

from collections.abc import Mapping
from typing import Any

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.kernel.errors import Invalid
from apps.workflows.services.create import NewWorkflow
from apps.workflows.services.update import Changes
from apps.workflows.specs import check_spec

NAME_CHARS_MAX = 128
DESCRIPTION_CHARS_MAX = 10_000


def read_new_workflow(data: object) -> NewWorkflow:
    """Return a definition to create.

    Raises:
        Invalid: names every field that is wrong, those of the spec included.
    """
    body = Body(data)
    new = NewWorkflow(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        spec=body.mapping("spec"),
        handle=body.text("handle", default="", max_length=NAME_CHARS_MAX),
        description=read_description(body, default=""),
        published_as_tool=body.flag("published_as_tool", default=False),
        tags=read_tags(body) or {},
    )
    _finish(body)
    return new


def read_changes(data: object) -> Changes:
    """Return changes of a definition.

    Raises:
        Invalid: names every field that is wrong, those of the spec included.
    """
    body = Body(data)
    changes = Changes(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        description=read_description(body, default=None),
        published_as_tool=body.flag("published_as_tool", default=None),
        tags=read_tags(body),
        spec=body.mapping("spec", default=None),
        expected_version=body.integer("expected_version", default=None),
    )
    _finish(body)
    return changes


def read_description(body: Body, default: str | None) -> Any:
    """Return the description of a definition."""
    return body.text(
        "description", default=default, min_length=0, max_length=DESCRIPTION_CHARS_MAX
    )


def _finish(body: Body) -> None:
    """Refuse what is wrong around the spec together with what is wrong in it.

    A spec that is the only problem is left to the service, which checks it anyway.
    """
    try:
        body.finish()
    except Invalid:
        whole = Body({})
        whole.problems = [
            *body.problems,
            *_spec_problems(body.value("spec", default=None)),
        ]
        whole.finish()


def _spec_problems(spec: object) -> list[dict[str, str]]:
    if not isinstance(spec, Mapping):
        return []
    try:
        check_spec(spec)
    except Invalid as refusal:
        return refusal.details["fields"]  # type: ignore[return-value]
    return []
