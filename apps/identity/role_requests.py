"""Reading requests about roles and who holds them."""

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.identity.permissions import Permission
from apps.identity.services.create_role import NewRole
from apps.identity.services.update_role import RoleChanges
from apps.kernel.ids import ID_LENGTH_MAX

NAME_CHARS_MAX = 64
DESCRIPTION_CHARS_MAX = 10_000
_KNOWN = frozenset(Permission)


def read_new_role(data: object) -> NewRole:
    """Return a role to create.

    Raises:
        Invalid: names every field that is wrong, unknown permissions included.
    """
    body = Body(data)
    new = NewRole(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        permissions=_permissions(body),
        description=body.text(
            "description", default="", min_length=0, max_length=DESCRIPTION_CHARS_MAX
        ),
        tags=read_tags(body) or {},
    )
    body.finish()
    return new


def read_role_changes(data: object) -> RoleChanges:
    """Return changes of a role.

    Raises:
        Invalid: names every field that is wrong, unknown permissions included.
    """
    body = Body(data)
    changes = RoleChanges(
        description=body.text(
            "description", default=None, min_length=0, max_length=DESCRIPTION_CHARS_MAX
        ),
        permissions=_permissions(body) if body.has("permissions") else None,
        tags=read_tags(body),
    )
    body.finish()
    return changes


def read_assignment(data: object) -> tuple[str, str, str]:
    """Return who gets a role, and the role's id or its name.

    The principal is named by ``principal_id`` or, in older words, by ``user_id``.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    principal_id = body.text("principal_id", default="", max_length=ID_LENGTH_MAX)
    older = body.text("user_id", default="", max_length=ID_LENGTH_MAX)
    if body.has("principal_id") == body.has("user_id"):
        body.problem("principal_id", "expected exactly one of principal_id and user_id")
    role_id = body.text("role_id", default="", max_length=ID_LENGTH_MAX)
    role_name = body.text("role_name", default="", max_length=NAME_CHARS_MAX)
    if body.has("role_id") == body.has("role_name"):
        body.problem("role_id", "expected exactly one of role_id and role_name")
    body.finish()
    return principal_id or older, role_id, role_name


def _permissions(body: Body) -> list[str]:
    names = body.texts("permissions", max_items=len(_KNOWN))
    for index, name in enumerate(names):
        if name not in _KNOWN:
            body.problem(
                f"permissions[{index}]",
                f"expected an id of the catalogue, got {name[:64]}",
            )
    return names
