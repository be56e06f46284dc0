"""Members of the project, and thousands of questions that nobody answers.

Imported once Django is set up. Questions go in through the service that all ways of
asking share, a hundred to a transaction: over HTTP it would take minutes.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from apps.identity.actor import OPERATOR
from apps.identity.models import Project
from apps.identity.services.add_member import NewMember, add_member
from apps.identity.services.issue_key import NewKey, issue_key
from apps.interactions.models import Origin
from apps.interactions.people import all_targets, look_up
from apps.interactions.question import Asker, Question, Target
from apps.interactions.services.ask import Asking, put_questions
from apps.kernel import clock

BATCH: Final = 100
_DEADLINE: Final = timedelta(days=7)
_CONFIRM: Final = {"mode": "confirm"}


class Member(NamedTuple):
    """A member with a key; ``cookie`` is the header of a browser where it signed in."""

    id: str
    key: str
    cookie: str


def make_member(project: str, name: str) -> Member:
    """Add a member with an account, a key and a session of its own."""
    now = clock.now()
    account = get_user_model().objects.create_user(username=name)
    project_id = Project.objects.get(handle=project).id
    new = NewMember(name=name, role_names=["Operator"], username=name)
    principal = add_member(project_id, new, by=OPERATOR, now=now).principal
    key = issue_key(principal, NewKey(name), by=OPERATOR, now=now).secret
    browser = Client()
    browser.force_login(account)
    cookies = "; ".join(f"{c.key}={c.value}" for c in browser.cookies.values())
    return Member(principal.id, key, f"Cookie: {cookies}")


def ask(project: str, people: Sequence[Sequence[str]], message: str) -> None:
    """Put a question to each of these in turn; of several people any may answer."""
    project_id = Project.objects.get(handle=project).id
    for start in range(0, len(people), BATCH):
        _put(
            project_id,
            [
                _asking(project_id, f"{message} {start + place}?", asked)
                for place, asked in enumerate(people[start : start + BATCH])
            ],
        )


@transaction.atomic
def _put(project_id: str, askings: Sequence[Asking]) -> None:
    known = look_up(project_id, all_targets(asking.question for asking in askings))
    for asking in askings:
        asking.meet(known)
    put_questions(askings, {project_id: known}, now=clock.now())


def _asking(project_id: str, message: str, asked: Sequence[str]) -> Asking:
    question = Question(
        type="approval",
        message=message,
        targets=tuple(Target("user", one) for one in asked),
        description="It was changed since its last review.",
        context={"pages": 12, "author": "somebody", "draft": False},
        spec=_CONFIRM,
        expires_at=clock.now() + _DEADLINE,
    )
    return Asking(project_id, question, Asker(origin=Origin.STANDALONE))
