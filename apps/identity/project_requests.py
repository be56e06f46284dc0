"""Reading requests about projects."""

from dataclasses import dataclass

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.identity.handles import HANDLE_LENGTH_MAX
from apps.identity.services.create_project import NewProject
from apps.identity.services.update_project import ProjectChanges

NAME_CHARS_MAX = 128
DESCRIPTION_CHARS_MAX = 10_000
#: Who comes in is decided by roles, project by project; there is no open project.
ACCESS_MODE = "restricted"


@dataclass(frozen=True, slots=True)
class Founding:
    """A project to create; ``key_name`` asks for a first key in it."""

    project: NewProject
    key_name: str


def read_founding(data: object) -> Founding:
    """Return a project to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    founding = Founding(
        NewProject(
            name=body.text("name", max_length=NAME_CHARS_MAX),
            handle=body.text("handle", default="", max_length=HANDLE_LENGTH_MAX),
            description=_description(body) or "",
            tags=read_tags(body) or {},
        ),
        key_name=body.text("key_name", default="", max_length=NAME_CHARS_MAX),
    )
    _access_mode(body)
    body.finish()
    return founding


def read_project_changes(data: object) -> ProjectChanges:
    """Return changes of a project.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = ProjectChanges(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        description=_description(body),
        tags=read_tags(body),
    )
    _access_mode(body)
    body.finish()
    return changes


def _description(body: Body) -> str | None:
    found: str | None = body.text(
        "description", default=None, min_length=0, max_length=DESCRIPTION_CHARS_MAX
    )
    return found


def _access_mode(body: Body) -> None:
    body.text("access_mode", default=ACCESS_MODE, choices=(ACCESS_MODE,))
