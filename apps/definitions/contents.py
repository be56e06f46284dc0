"""The fields of a definition that are authored, and what stands in those around its
steps. Repositories, environments and agent sessions are kept for whoever reads them;
nothing here does."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.triggers.block import read_block
from apps.workflows.models import Dialect

#: In the order in which they are shown.
AUTHORED: Final[Mapping[Dialect, tuple[str, ...]]] = {
    Dialect.AUTOMATION: (
        *("schema_version", "name", "description", "inputs", "concurrency"),
        *("triggers", "repositories", "steps", "cleanup", "defaults"),
    ),
    Dialect.LOOP: (
        *("schema_version", "event", "config", "concurrency", "triggers"),
        *("repositories", "steps", "output", "cleanup", "limits", "defaults"),
        "run_name",
    ),
}
SCHEMA_VERSIONS: Final = {Dialect.AUTOMATION: ("1",), Dialect.LOOP: ("1", "2")}
REPOSITORIES_MAX: Final = 50
TEMPLATE_CHARS_MAX: Final = 2000
_TEXT_CHARS_MAX: Final = 255


def read_contents(dialect: Dialect, authored: Mapping[str, Any], path: str) -> Body:
    """Return a reader that has noted what is wrong around the steps of a definition."""
    body = Body(authored, path)
    body.text("schema_version", default="1", choices=SCHEMA_VERSIONS[dialect])
    read_block(body, authored.get("concurrency"))
    _repositories(body)
    _defaults(body, dialect)
    if dialect == Dialect.LOOP:
        _run_name(body)
    for field in AUTHORED[dialect]:
        body.value(field, default=None)
    return body


def _defaults(outer: Body, dialect: Dialect) -> None:
    body = outer.inside("defaults")
    if dialect == Dialect.AUTOMATION:
        body.value("wall_clock_timeout", default=None)  # the engine reads it
    body.mapping("environment", default=None)
    body.mapping("agent_session", default=None)
    outer.adopt(body)


def _run_name(outer: Body) -> None:
    if outer.has("run_name"):
        body = outer.inside("run_name")
        body.text("template", max_length=TEMPLATE_CHARS_MAX)
        body.text(
            "description_template",
            default=None,
            min_length=0,
            max_length=TEMPLATE_CHARS_MAX,
        )
        outer.adopt(body)


def _repositories(outer: Body) -> None:
    sent = outer.listing("repositories", default=None, max_items=REPOSITORIES_MAX)
    for index, each in enumerate(sent or []):
        field = f"repositories[{index}]"
        if not isinstance(each, Mapping):
            outer.problem(field, "expected an object")
            continue
        body = Body(each, outer.path_of(field))
        body.text("source", default=None, choices=("static", "match"))
        body.text("provider", default=None, choices=("github",))
        for name in ("full_name", "ref"):
            body.text(name, default=None, max_length=_TEXT_CHARS_MAX)
        for name in ("private", "push"):
            body.flag(name, default=None)
        number = body.value("id", default=None)
        if isinstance(number, bool) or not isinstance(number, int | str | None):
            body.problem("id", "expected a number or a text")
        outer.adopt(body)
