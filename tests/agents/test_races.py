"""Callers who want the same thing at the same moment: real threads, real commits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from apps.agents.authorship import Author
from apps.agents.models import Agent, Session, SessionMessage
from apps.agents.services.append_messages import NewMessage, append_messages
from apps.agents.services.archive_agent import archive_agent
from apps.agents.services.create_agent import Created, NewAgent, create_agent
from apps.agents.services.open_session import Mode, NewSession, open_session
from apps.agents.services.update_session import SessionChanges, update_session
from apps.identity.actor import OPERATOR
from apps.identity.models import Project
from apps.identity.services.ensure_built_in_roles import ensure_built_in_roles
from apps.kernel import clock
from apps.kernel.errors import Conflict, MobiusError
from apps.source_events.models import SourceEvent
from tests.support.factories import make_project

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

THREADS = 6
Act = Callable[[], Any]


def at_once(acts: list[Act]) -> list[Any]:
    """Do everything at the same moment; return answers and refusals."""
    barrier = Barrier(len(acts))

    def one(act: Act) -> Any:
        try:
            barrier.wait(timeout=30)
            return act()
        except MobiusError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


@pytest.fixture
def acme() -> Project:
    """A committed project."""
    return make_project("acme")


def new_agent(acme: Project, name: str = "helper", **more: Any) -> Created:
    new = NewAgent(name=name, **more)
    return create_agent(acme.id, new, by=OPERATOR, now=clock.now())


def keyed(acme: Project, agent: Agent, mode: Mode = Mode.CONTINUE_OR_CREATE) -> Act:
    new = NewSession(agent.id, mode, session_key="chat-1")
    return lambda: open_session(acme.id, new, created_by="", now=clock.now()).session


def saying(acme: Project, session: Session, *texts: str) -> Act:
    new = [NewMessage("user", [{"type": "text", "text": text}]) for text in texts]
    author = Author("prin_1", manages=True)
    return lambda: append_messages(
        acme.id, session.id, new, author=author, now=clock.now()
    )


def test_all_who_open_a_session_with_one_key_get_the_same(acme: Project) -> None:
    agent = new_agent(acme).agent

    found = at_once([keyed(acme, agent)] * THREADS)

    assert len({session.id for session in found}) == 1
    assert Session.objects.count() == 1


def test_of_those_who_begin_a_session_with_one_key_one_does(acme: Project) -> None:
    agent = new_agent(acme).agent

    found = at_once([keyed(acme, agent, Mode.NEW)] * THREADS)

    refused = [one for one in found if isinstance(one, Conflict)]
    assert len(refused) == THREADS - 1
    assert {one.error_code for one in refused} == {"session_key_taken"}


def test_all_who_adopt_an_agent_get_the_same(acme: Project) -> None:
    ensure_built_in_roles(now=clock.now())
    adopt: dict[str, Any] = {"external_ref": "crm:7", "adopts": True}

    found = at_once([lambda: new_agent(acme, **adopt)] * THREADS)

    assert len({created.agent.id for created in found}) == 1
    assert sum(created.is_new for created in found) == 1


def test_messages_of_writers_at_once_have_no_gap_and_stay_together(
    acme: Project,
) -> None:
    session = keyed(acme, new_agent(acme).agent)()
    rounds = 5
    texts = [[f"{writer}.{part}" for part in range(3)] for writer in range(THREADS)]

    for _ in range(rounds):
        at_once([saying(acme, session, *those) for those in texts])

    rows = list(SessionMessage.objects.order_by("sequence"))
    assert [row.sequence for row in rows] == list(range(1, 3 * THREADS * rounds + 1))
    said = [row.content[0]["text"] for row in rows]
    together = [said[at : at + 3] for at in range(0, len(said), 3)]
    assert sorted(together) == sorted(texts * rounds)
    session.refresh_from_db()
    assert session.last_sequence == len(rows)
    told = SourceEvent.objects.filter(public=True).values_list("event", flat=True)
    assert sorted(one["sequence"] for one in told) == [row.sequence for row in rows]


def test_nothing_is_said_after_a_session_was_closed(acme: Project) -> None:
    session = keyed(acme, new_agent(acme).agent)()
    close = SessionChanges(status="closed")

    outcomes = at_once(
        [
            *[saying(acme, session, "x")] * THREADS,
            lambda: update_session(acme.id, session.id, close, now=clock.now()),
        ]
    )

    said = [one for one in outcomes[:-1] if not isinstance(one, Conflict)]
    session.refresh_from_db()
    assert session.status == "closed"
    assert session.last_sequence == len(said) == SessionMessage.objects.count()


def test_no_session_begins_with_an_agent_that_was_archived_meanwhile(
    acme: Project,
) -> None:
    for number in range(5):
        agent = new_agent(acme, f"helper-{number}").agent

        def archive(agent_id: str = agent.id) -> None:
            archive_agent(acme.id, agent_id, by=OPERATOR, now=clock.now())

        at_once([*[keyed(acme, agent)] * 3, archive])

        assert not Session.objects.filter(agent_id=agent.id, status="active").exists()
