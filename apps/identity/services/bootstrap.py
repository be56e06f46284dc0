"""Set up what a new server needs before anybody can call it."""

import secrets
from datetime import datetime
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction

from apps.identity.actor import OPERATOR
from apps.identity.keyrings import Keyring
from apps.identity.models import ApiKey, Organization, Principal, PrincipalKind, Project
from apps.identity.services.create_organization import create_organization
from apps.identity.services.create_principal import NewPrincipal, create_principal
from apps.identity.services.create_project import NewProject, create_project
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.identity.services.issue_key import NewKey, issue_key
from apps.identity.services.revoke_key import revoke_key
from apps.kernel.errors import Conflict

SERVICE_NAME = "demo-service"
MEMBER_NAME = "demo-member"
MEMBER_EMAIL = "demo@example.com"
MEMBER_USERNAME = "demo"
ADMIN_USERNAME = "admin"
KEY_NAME = "local"


class FirstThings(NamedTuple):
    """What stands after a bootstrap; a secret is there only when it is new."""

    organization: str
    project: str
    api_key: str | None
    key_id: str
    reviewer_id: str
    reviewer_username: str
    reviewer_password: str | None
    admin_username: str
    admin_password: str | None


@transaction.atomic
def bootstrap(
    *, organization: str, project: str, new_key: bool = False, now: datetime
) -> FirstThings:
    """Make sure the first organization, project, roles, principals, key and the
    accounts of the browser pages exist. Calling it again changes nothing that is
    there, except that ``new_key`` replaces the key.

    Raises:
        Conflict: the project's handle belongs to another organization.
    """
    ensure_built_in_roles(now=now)  # locks the roles: two bootstraps take turns
    place = _project(organization, project, now)
    service = _principal(place, SERVICE_NAME, PrincipalKind.SERVICE, "", "Owner", now)
    member = _principal(
        place, MEMBER_NAME, PrincipalKind.HUMAN, MEMBER_EMAIL, "Operator", now
    )
    username, password = _account(member)
    key, secret = _key(service, new_key, now)
    return FirstThings(
        organization=place.organization.handle,
        project=place.handle,
        api_key=secret,
        key_id=key.id,
        reviewer_id=member.id,
        reviewer_username=username,
        reviewer_password=password,
        admin_username=ADMIN_USERNAME,
        admin_password=_admin_password(),
    )


def _project(organization: str, handle: str, now: datetime) -> Project:
    owner = Organization.objects.filter(handle=organization).first()
    if owner is None:
        owner = create_organization(name=organization, handle=organization, now=now)
    found = Project.objects.filter(handle=handle).select_related("organization").first()
    if found is None:
        new = NewProject(name=handle, handle=handle)
        return create_project(owner, new, by=OPERATOR, now=now)
    if found.organization_id != owner.id:
        raise Conflict(f"project {handle} belongs to another organization")
    return found


def _principal(
    project: Project,
    name: str,
    kind: PrincipalKind,
    email: str,
    role: str,
    now: datetime,
) -> Principal:
    found = Principal.objects.filter(
        project=project, name=name, deleted_at=None
    ).first()
    if found is not None:
        return found
    new = NewPrincipal(name=name, kind=kind, email=email, role_names=[role])
    return create_principal(project.id, new, by=OPERATOR, now=now)


def _account(member: Principal) -> tuple[str, str | None]:
    """Return the member's account, and its password when it was created just now."""
    if member.user is not None:
        return member.user.get_username(), None
    accounts = get_user_model().objects
    password = None
    account = accounts.filter(username=MEMBER_USERNAME).first()
    if account is None:
        password = _new_password()
        account = accounts.create_user(MEMBER_USERNAME, member.email, password)
    member.user = account
    member.save(update_fields=["user"])
    return MEMBER_USERNAME, password


def _key(service: Principal, new_key: bool, now: datetime) -> tuple[ApiKey, str | None]:
    live = Keyring.of(service).live(now=now).filter(principal=service, name=KEY_NAME)
    found = live.first()
    if found is not None and not new_key:
        return found, None
    for key in live:
        revoke_key(key, by=OPERATOR, now=now)
    issued = issue_key(service, NewKey(name=KEY_NAME), by=OPERATOR, now=now)
    return issued.row, issued.secret


def _admin_password() -> str | None:
    """Return the password of the administrator when it was created just now."""
    accounts = get_user_model().objects
    if accounts.filter(username=ADMIN_USERNAME).exists():
        return None
    password = _new_password()
    accounts.create_superuser(ADMIN_USERNAME, "", password)
    return password


def _new_password() -> str:
    return secrets.token_urlsafe(15)
