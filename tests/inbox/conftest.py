"""People with accounts, questions to them, and browsers without a browser."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import Principal, Project
from apps.interactions.models import Group, GroupMember, Interaction, RoutingPolicy
from apps.interactions.question import Asker, question_of
from apps.interactions.services.create import create_interaction
from apps.kernel import clock
from tests.support.factories import make_principal, make_project

PASSWORD = "correct horse"
CONFIRM = {"mode": "confirm"}


def make_member(project: Project, name: str, account: str = "") -> Principal:
    """A person of the project who can sign in, as ``account`` or under their name."""
    member = make_principal(project, role="Viewer", kind="human", name=name)
    username = account or name
    user = User.objects.filter(username=username).first()
    member.user = user or User.objects.create_user(username, password=PASSWORD)
    member.save()
    return member


def make_group(project: Project, name: str, *members: Principal) -> Group:
    """A group whose first answer counts."""
    now = clock.now()
    group = Group.objects.create(
        project=project,
        handle=name,
        name=name,
        routing_policy=RoutingPolicy.FIRST_RESPONDER,
        created_at=now,
        updated_at=now,
    )
    for member in members:
        GroupMember.objects.create(group=group, principal=member, added_at=now)
    return group


def ask(
    *asked: Principal | Group,
    message: str = "Approve the refund?",
    spec: Mapping[str, Any] = CONFIRM,
    expires_in: timedelta | None = None,
    at: datetime | None = None,
    run_id: str = "",
    initiator: str = "",
    references: Any = None,
    **block: Any,
) -> Interaction:
    """Put a question as a step would; ``block`` adds to its ``interaction`` block."""
    targets = [
        {"type": "group" if isinstance(one, Group) else "user", "id": one.id}
        for one in asked
    ]
    type_ = "approval" if spec["mode"] == "confirm" else "input"
    words = {"type": type_, "message": message, "spec": spec, "targets": targets}
    now = at or clock.now()
    question = question_of({**words, **block})
    expires_at = now + expires_in if expires_in else None
    question = replace(question, expires_at=expires_at, references=references)
    asker = Asker("run" if run_id else "standalone", run_id=run_id)
    asker = replace(asker, initiator_id=initiator, created_by=initiator)
    return create_interaction(asked[0].project_id, question, asker, now=now)


def signed_in(member: Principal, *, csrf: bool = False) -> Client:
    """A client with the account of a member."""
    client = Client(enforce_csrf_checks=csrf)
    assert member.user is not None
    client.force_login(member.user)
    return client


def options(*values: str) -> list[dict[str, str]]:
    """Options named after their values."""
    return [{"value": value, "label": value.title()} for value in values]


@pytest.fixture
def rita(project: Project) -> Principal:
    """A member with an account."""
    return make_member(project, "rita")


@pytest.fixture
def paul(project: Project) -> Principal:
    """Her teammate."""
    return make_member(project, "paul")


@pytest.fixture
def eve(db: None) -> Principal:
    """Somebody of another organization."""
    return make_member(make_project("globex"), "eve")
