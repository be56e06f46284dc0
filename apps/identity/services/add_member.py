"""Add a member to the project."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.api.body import invalid_field
from apps.identity import selectors
from apps.identity.actor import Actor
from apps.identity.keeping import take_turn
from apps.identity.models import Principal, PrincipalKind, Project
from apps.identity.services.assign_role import assign_role
from apps.identity.services.create_principal import NewPrincipal, create_principal
from apps.identity.services.take_access import take_access
from apps.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who becomes a member: by ``user_id`` who is or was one, else by name.

    ``username`` is the account with which the member signs in to browser pages.
    """

    user_id: str = ""
    name: str = ""
    email: str = ""
    role_names: Sequence[str] = ()
    role_ids: Sequence[str] = ()
    username: str = ""


class AddedMember(NamedTuple):
    """A member, and whether it became one just now."""

    principal: Principal
    is_new: bool


@transaction.atomic
def add_member(
    project_id: str, new: NewMember, *, by: Actor, now: datetime
) -> AddedMember:
    """Make somebody a member, with these roles and this account.

    Who is a member already stays as it is. Who was removed comes back with what is
    given now and nothing of before. Calls for one project queue up on its row, so
    the same request twice makes one member.

    Raises:
        NotFound: ``user_id`` is nobody here, or a role does not exist here.
        Invalid: ``user_id`` is not a person, or there is no such account.
        PermissionDenied: a role allows more than the actor holds.
        Conflict: the name belongs to somebody else, or the account to another member.
    """
    take_turn(project_id)
    present = _present(project_id, new)
    if present is not None and not present.disabled:
        return AddedMember(present, is_new=False)
    account = _account(project_id, new.username) if new.username else None
    if present is None:
        person = NewPrincipal(
            name=new.name,
            kind=PrincipalKind.HUMAN,
            email=new.email,
            role_ids=new.role_ids,
            role_names=new.role_names,
        )
        member = create_principal(project_id, person, by=by, now=now)
    else:
        member = _back(present, new, by, now)
    member.user = account
    member.save(update_fields=["user"])
    return AddedMember(member, is_new=True)


def _present(project_id: str, new: NewMember) -> Principal | None:
    """Return who is meant, when there is such a person; a name is given once."""
    if new.user_id:
        found = selectors.find_principal(project_id, new.user_id)
        if found.deleted_at is not None:
            raise NotFound(f"principal {new.user_id} not found")
        if found.kind != PrincipalKind.HUMAN:
            raise invalid_field(
                "user_id", f"expected a person, {found.name} is a {found.kind}"
            )
        return found
    named = Principal.objects.filter(
        project_id=project_id, name=new.name, deleted_at=None
    ).first()
    if named is None:
        return None
    same = named.email.casefold() == new.email.casefold()
    if named.kind != PrincipalKind.HUMAN or not same:
        raise Conflict(
            f"principal {new.name} exists already, as a {named.kind}"
            + (" with another e-mail address" if not same else ""),
            name=new.name,
        )
    return named


def _back(principal: Principal, new: NewMember, by: Actor, now: datetime) -> Principal:
    # A principal that was only switched off still has what it held.
    take_access(principal, now=now)
    project_id = principal.project_id
    for role in selectors.find_roles(project_id, new.role_ids, new.role_names):
        assign_role(principal, role, by=by, now=now)
    principal.disabled = False
    principal.save(update_fields=["disabled"])
    return principal


def _account(project_id: str, username: str) -> Any:
    account = get_user_model().objects.filter(username=username, is_active=True).first()
    if account is None:
        raise invalid_field("username", "expected an account that can sign in")
    organization = Project.objects.values("organization_id").get(pk=project_id)
    elsewhere = Principal.objects.filter(user=account).exclude(
        project__organization_id=organization["organization_id"]
    )
    if elsewhere.exists():  # an account is not told apart from none
        raise invalid_field("username", "expected an account that can sign in")
    holder = Principal.objects.filter(project_id=project_id, user=account).first()
    if holder is not None:
        raise Conflict(
            f"account {username} belongs to {holder.name}",
            path="username",
            user_id=holder.pk,
        )
    return account
