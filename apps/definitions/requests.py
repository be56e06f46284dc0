"""Reading automations, their versions and loops from requests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.definitions.checks import problems_of
from apps.definitions.contents import AUTHORED
from apps.definitions.selectors import STATUSES
from apps.definitions.services.create import NewDefinition
from apps.definitions.services.update import Changes
from apps.kernel.errors import Invalid
from apps.workflows.models import Dialect
from apps.workflows.requests import NAME_CHARS_MAX, read_description

AGENT_CHARS_MAX: Final = 128
#: What the two dialects call the agent and the inputs that runs have by default.
_WORDS: Final = {
    Dialect.AUTOMATION: ("default_agent_id", "default_inputs"),
    Dialect.LOOP: ("agent_id", "default_config"),
}


def read_new_automation(data: object) -> NewDefinition:
    """Return an automation to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    new = NewDefinition(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        handle=body.text("handle", max_length=NAME_CHARS_MAX),
        **_plain(body, Dialect.AUTOMATION),
    )
    body.finish()
    return new


def read_automation_changes(data: object) -> Changes:
    """Return changes of an automation.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = _changes(body, Dialect.AUTOMATION, authored=None)
    body.finish()
    return changes


def read_new_version(data: object) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the spec of a version and the plan that came with it.

    Raises:
        Invalid: names every field that is wrong, those of the spec included.
    """
    body = Body(data)
    spec = body.mapping("spec")
    plan = body.mapping("compiled_plan", default=None)
    _finish(body, Dialect.AUTOMATION, spec if isinstance(spec, Mapping) else None)
    return spec, plan


def read_new_loop(data: object) -> NewDefinition:
    """Return a loop to create; without steps it is a draft.

    Raises:
        Invalid: names every field that is wrong, the authored ones included.
    """
    body = Body(data)
    authored = _authored(body)
    new = NewDefinition(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        authored=authored,
        **_plain(body, Dialect.LOOP),
    )
    _finish(body, Dialect.LOOP, authored)
    return new


def read_loop_changes(data: object) -> Changes:
    """Return changes of a loop.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = _changes(body, Dialect.LOOP, authored=_authored(body))
    body.finish()
    return changes


def _plain(body: Body, dialect: Dialect) -> dict[str, Any]:
    """Return the fields that were sent, of those that make no version."""
    agent, defaults = _WORDS[dialect]
    read = {
        "description": read_description(body, default=None),
        "agent_id": body.text(
            agent, default=None, min_length=0, max_length=AGENT_CHARS_MAX
        ),
        "defaults": body.mapping(defaults, default=None),
        "settings": body.mapping("settings", default=None),
        "tags": read_tags(body),
    }
    return {field: value for field, value in read.items() if value is not None}


def _changes(
    body: Body, dialect: Dialect, *, authored: Mapping[str, Any] | None
) -> Changes:
    known: Sequence[str] = STATUSES[dialect]
    return Changes(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        status=body.text("status", default=None, choices=known),
        authored=authored,
        **_plain(body, dialect),
    )


def _authored(body: Body) -> dict[str, Any] | None:
    """Return the authoring fields that were sent, None if there are none.

    Clients send ``schema_version`` with everything: alone it says nothing.
    """
    fields = AUTHORED[Dialect.LOOP]
    sent = {field: body.value(field, default=None) for field in fields}
    found = {field: value for field, value in sent.items() if value is not None}
    return None if found.keys() <= {"schema_version"} else found


def _finish(body: Body, dialect: Dialect, authored: Mapping[str, Any] | None) -> None:
    """Refuse what is wrong around what is authored together with what is wrong in it.

    Authoring that is the only problem is left to the service, which checks it anyway.
    """
    try:
        body.finish()
    except Invalid:
        whole = Body({})
        inner = problems_of(dialect, authored) if authored is not None else []
        whole.problems = [*body.problems, *map(dict, inner)]
        whole.finish()
