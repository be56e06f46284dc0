"""Sessions that were closed long ago go with what was said in them."""

from datetime import timedelta

import pytest

from apps.agents.models import Session, SessionMessage
from apps.identity.models import Project
from apps.kernel import clock
from apps.ops.prunable import count_of_project
from apps.ops.services import prune_sessions
from tests.agents.scenes import Body, make_agent, open_session, say
from tests.ops.old import ages_of, prune_project
from tests.support.api import Api


def closed(api: Api, agent: Body, *texts: str, days_ago: int) -> str:
    """A session that was closed so long ago."""
    session = open_session(api, agent)
    say(api, session, *texts)
    api.patch(f"sessions/{session['id']}", {"status": "closed"})
    at = clock.now() - timedelta(days=days_ago)
    Session.objects.filter(id=session["id"]).update(closed_at=at)
    return str(session["id"])


def test_a_closed_session_is_kept_as_long_as_runs_and_an_active_one_for_ever(
    api: Api, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prune_sessions, "MESSAGES_MAX", 4)
    Project.objects.filter(id=project.id).update(keep_runs_days=10)
    agent = make_agent(api)
    old = [closed(api, agent, *"abc", days_ago=11) for _ in range(3)]
    young = closed(api, agent, "a", days_ago=9)
    active = open_session(api, agent)
    say(api, active, "a")

    counted = count_of_project(ages_of(project))
    deleted = prune_project(project)

    assert (deleted["sessions"], deleted["messages"]) == (3, 9)
    assert {kind: counted[kind] for kind in deleted} == deleted
    left = set(Session.objects.values_list("id", flat=True))
    assert left == {young, active["id"]}
    assert not SessionMessage.objects.filter(session_id__in=old).exists()
    assert SessionMessage.objects.count() == 2
    assert prune_project(project) == {}
