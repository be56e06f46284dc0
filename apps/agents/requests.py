"""Reading agents from requests."""

from typing import Any, Final

from django.http import QueryDict

from apps.agents.models import AgentStatus
from apps.agents.selectors import ARCHIVED, AgentFilters
from apps.agents.services.create_agent import NewAgent
from apps.agents.services.update_agent import AgentChanges
from apps.api.body import Body
from apps.api.rendering import to_json
from apps.api.tags import read_tags

NAME_CHARS_MAX: Final = 63
REF_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 500
MODEL_CHARS_MAX: Final = 128
PROMPT_CHARS_MAX: Final = 65_536
METADATA_BYTES_MAX: Final = 16 * 1024


def read_new_agent(data: object) -> NewAgent:
    """Return an agent to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    new = NewAgent(
        name=_name(body),
        external_ref=body.text("external_ref", default="", max_length=REF_CHARS_MAX),
        description=_text(body, "description", DESCRIPTION_CHARS_MAX, default=""),
        model=_text(body, "model", MODEL_CHARS_MAX, default=""),
        system_prompt=_text(body, "system_prompt", PROMPT_CHARS_MAX, default=""),
        tags=read_tags(body) or {},
        metadata=read_metadata(body, default={}),
        adopts=body.text("if_exists", default="error", choices=["error", "adopt"])
        == "adopt",
    )
    if new.adopts and not new.external_ref:
        body.problem("if_exists", "adopt needs an external_ref")
    body.finish()
    return new


def read_agent_changes(data: object) -> AgentChanges:
    """Return changes of an agent.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = AgentChanges(
        name=_name(body, default=None),
        external_ref=body.text("external_ref", default=None, max_length=REF_CHARS_MAX),
        description=_text(body, "description", DESCRIPTION_CHARS_MAX),
        model=_text(body, "model", MODEL_CHARS_MAX),
        system_prompt=_text(body, "system_prompt", PROMPT_CHARS_MAX),
        status=body.text("status", default=None, choices=AgentStatus.values),
        tags=read_tags(body),
        metadata=read_metadata(body, default=None),
    )
    body.finish()
    return changes


def read_agent_filters(query: QueryDict) -> AgentFilters:
    """Return the filters of the list.

    Raises:
        Invalid: names every filter that is wrong.
    """
    names = ("name", "external_ref", "principal_id", "status")
    body = Body({name: query[name] for name in names if query.get(name)})
    texts = {name: body.text(name, default="") for name in names[:3]}
    status = body.text("status", default="", choices=[*AgentStatus.values, ARCHIVED])
    tags = query.getlist("tag")
    if any("\x00" in tag for tag in tags):
        body.problem("tag", "must not contain the character NUL")
    body.finish()
    return AgentFilters(**texts, status=status, tags=tags)


def read_metadata(body: Body, *, default: Any) -> Any:
    """Return the ``metadata`` of a body; what is wrong with it is noted."""
    metadata = body.mapping("metadata", default=default)
    if metadata:
        encoded = to_json(metadata)
        if len(encoded) > METADATA_BYTES_MAX:
            body.problem("metadata", f"expected at most {METADATA_BYTES_MAX} bytes")
        if b"\\u0000" in encoded:
            body.problem("metadata", "must not contain the character NUL")
    return metadata


def _name(body: Body, **options: Any) -> Any:
    name = body.text("name", max_length=NAME_CHARS_MAX, **options)
    if name and name != name.strip():
        body.problem("name", "expected no blanks at the ends")
    return name


def _text(body: Body, field: str, max_length: int, default: Any = None) -> Any:
    """Return a text that may be empty."""
    return body.text(field, default=default, min_length=0, max_length=max_length)
