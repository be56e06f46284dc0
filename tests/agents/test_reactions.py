"""Messages start runs and resume those that wait for them."""

from apps.source_events.models import SourceEvent
from tests.agents.scenes import Body, message, say
from tests.definitions.scenes import heard, loop
from tests.runs.event_waiting import result, start, status
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all

CREATED = "session.message.created"


def test_a_message_starts_the_loop_that_hears_it(
    api: Api, project_id: str, session: Body
) -> None:
    made = loop(
        api,
        {
            "kind": "event",
            "config": {"event_type": CREATED, "condition": "meta.role == 'user'"},
        },
    )
    said = say(api, session, "What is late?")
    say(api, session, "Nothing.", role="agent")
    dispatch_all()

    (run,) = api.get(f"loops/{made['id']}/runs").json()["items"]

    assert run["event"]["text"] == "What is late?"
    assert run["meta"] == {
        "event_type": CREATED,
        "session_id": session["id"],
        "agent_id": session["agent_id"],
        "message_id": said["messages"][0]["id"],
        "role": "user",
    }
    assert claim(project_id) is not None


def test_a_run_that_waits_for_an_answer_goes_on_with_it(
    api: Api, session: Body, speaker: Api
) -> None:
    wait = {
        "event_type": CREATED,
        "source_id": session["id"],
        "condition": "meta.role == 'agent'",
    }
    run_id = start(api, {"name": "answer", "wait_for_event": wait})
    say(api, session, "What is late?")
    dispatch_all()
    assert status(api, run_id) == "suspended"

    say(speaker, session, "Nothing.", role="agent")
    dispatch_all()

    assert result(api, run_id)["event"]["text"] == "Nothing."


def test_runs_that_start_each_other_by_what_they_say_are_stopped(
    api: Api, session: Body
) -> None:
    made = loop(api, heard(CREATED, key="said"))
    say(api, session, "go")
    dispatch_all()
    path = f"sessions/{session['id']}/messages"
    for _ in range(20):
        run_id = api.get(f"loops/{made['id']}/runs").json()["items"][0]["id"]
        body = {"messages": [message("and again", "agent")], "run_id": run_id}
        assert api.post(path, body).status_code == 200
        dispatch_all()

    depths = SourceEvent.objects.filter(event_type=CREATED).values_list("depth")
    assert max(depths) == (16,)
    assert len(api.get(f"loops/{made['id']}/runs").json()["items"]) == 16
