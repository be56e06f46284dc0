"""Reading requests about members."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.api.body import Body
from apps.identity.services.add_member import NewMember
from apps.kernel.ids import ID_LENGTH_MAX

#: What a member can do when nobody says: see everything, steer runs, answer.
ROLE_NAMES_DEFAULT = ("Operator",)
ROLES_MAX = 20


def read_new_member(data: object) -> NewMember:
    """Return who becomes a member.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    new = NewMember(
        user_id=body.text("user_id", default="", max_length=ID_LENGTH_MAX),
        name=body.text("name", default="", max_length=128),
        email=body.text("email", default="", max_length=254),
        role_names=body.texts(
            "role_names",
            default=[] if body.has("role_ids") else list(ROLE_NAMES_DEFAULT),
            max_items=ROLES_MAX,
        ),
        role_ids=body.texts("role_ids", default=[], max_items=ROLES_MAX),
        username=body.text("username", default="", max_length=150),
    )
    if body.has("user_id") == body.has("name"):
        body.problem("user_id", "expected exactly one of user_id and name")
    if body.has("email"):
        if body.has("user_id"):
            body.problem("email", "goes with name, not with user_id")
        elif new.email and not is_email(new.email):
            body.problem("email", "expected an e-mail address")
    body.finish()
    return new


def read_member_roles(data: object) -> tuple[list[str], list[str]]:
    """Return the ids and the names of the roles that a member is to have.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    role_ids = body.texts("role_ids", default=[], max_items=ROLES_MAX)
    role_names = body.texts("role_names", default=[], max_items=ROLES_MAX)
    if not body.has("role_ids") and not body.has("role_names"):
        body.problem("role_names", "expected role_names or role_ids; [] takes all")
    body.finish()
    return role_ids, role_names


def is_email(text: str) -> bool:
    """Say whether a text is an e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
