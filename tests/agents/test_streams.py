"""Sessions as streams, over a real socket. One server for all tests of this file."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django_eventstream.views import MAX_PENDING as QUEUE_MAX

from apps.agents.live import session_streams
from apps.agents.wire import tell_preview
from apps.identity.models import ApiKey, Principal, RoleAssignment
from apps.kernel import clock
from apps.realtime import outbound
from apps.realtime.connections import client
from apps.realtime.subscription import subscription
from tests.agents.scenes import api_of, make_agent, open_session
from tests.agents.watching import Scene
from tests.support.factories import make_api, make_key, make_principal, make_project
from tests.support.server import running_server
from tests.support.sse import EventStream, SseFrame
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[str]:
    """The base URL of a running web process."""
    with running_server() as url:
        wait_until(subscription.connected.is_set)
        yield url


@pytest.fixture
def scene(transactional_db: None, server: str) -> Iterator[Scene]:
    """An agent, a session, and no stream left when the test ends."""
    home = make_project("acme")
    api = make_api(home, role="Admin")
    agent = make_agent(api)
    key = make_key(make_principal(home, role="Viewer"))
    speaker = api_of(agent, home.handle)
    session = open_session(api, agent)
    scene = Scene(server, home, api, speaker, agent, session, key)
    yield scene
    for stream in scene.opened:
        stream.close()
    wait_until(lambda: session_streams.count() == 0)


def ids(frames: list[SseFrame]) -> list[str | None]:
    """The ids of frames."""
    return [frame.id for frame in frames]


def test_a_message_is_an_event_whose_id_is_its_number(scene: Scene) -> None:
    stream = scene.live()

    scene.say("Hello")
    scene.say("Hi.", role="agent")
    user, agent = stream.take(2)

    assert (stream.status, stream.headers["content-type"]) == (200, "text/event-stream")
    assert stream.headers["cache-control"] == "no-cache, no-transform"
    assert (user.id, user.event) == ("1", "user.message")
    assert (agent.id, agent.event) == ("2", "agent.message")
    assert agent.data["content"] == [{"type": "text", "text": "Hi."}]
    path = f"sessions/{scene.session['id']}/messages"
    (_, item) = scene.api.get(path).json()["items"]
    shown = {"type": "agent.message", "message_id": item.pop("id"), **item}
    assert agent.data == shown


@pytest.mark.parametrize("form", ["session", "agent"])
def test_every_number_is_a_place_to_go_on_from(scene: Scene, form: str) -> None:
    count = 5
    scene.say(*map(str, range(count)))
    nested = f"agents/{scene.agent['id']}/sessions/{scene.session['id']}"
    path = "" if form == "session" else f"{nested}/events.stream"
    streams = [scene.watch(path=path, after_sequence=n) for n in range(count + 1)]
    streams.append(scene.watch(path=path, last_event_id="3", after_sequence=1))
    streams.append(scene.watch(path=path, last_event_id="1", after_sequence=3))
    streams.append(scene.watch(path=path, after_sequence=4000))
    streams.append(scene.watch(path=path))

    wait_until(lambda: session_streams.count() == len(streams))
    scene.say("live")

    starts = [*range(count + 1), 3, 3, count, 0]
    for stream, start in zip(streams, starts, strict=True):
        expected = [str(n) for n in range(start + 1, count + 2)]
        assert ids(stream.take(len(expected))) == expected


def test_who_reconnects_sees_each_message_once_and_in_order(scene: Scene) -> None:
    seen: list[str | None] = []
    number = itertools.count(1)
    for _ in range(4):
        stream = scene.live(last_event_id=seen[-1] if seen else None)
        scene.say(f"{next(number)}", f"{next(number)}")
        seen += ids(stream.take(2))
        stream.close()
        scene.say(f"{next(number)}")
        seen += ids(scene.watch(last_event_id=seen[-1]).take(1))

    assert seen == [str(n) for n in range(1, 13)]


def test_a_message_too_large_for_redis_comes_from_the_table(scene: Scene) -> None:
    stream = scene.live()

    scene.say("x" * 100_000)
    scene.say("small")

    large, small = stream.take(2)
    assert (len(large.data["content"][0]["text"]), large.id) == (100_000, "1")
    assert (small.id, small.event) == ("2", "user.message")


def test_previews_are_live_without_an_id_and_never_replayed(scene: Scene) -> None:
    stream = scene.live()

    scene.show(text="He")
    scene.show("session.message.preview", text="Hello")
    scene.say("Hello", role="agent")
    delta, preview, message = stream.take(3)

    assert (delta.id, delta.event) == (None, "generation.delta")
    assert delta.data == {
        "text": "He",
        "type": "generation.delta",
        "session_id": scene.session["id"],
    }
    assert (preview.id, preview.event) == (None, "session.message.preview")
    assert (message.id, message.event) == ("1", "agent.message")
    assert ids(scene.watch().take(1)) == ["1"]


def test_a_wiped_redis_and_lost_words_lose_no_message(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = scene.live()
    scene.say("first")
    assert ids(stream.take(1)) == ["1"]

    with monkeypatch.context() as silenced:
        silenced.setattr(outbound, "attempt", lambda operation, fallback: fallback)
        client().flushdb()
        scene.say("second", "third")
        scene.show(text="lost")
    assert ids(stream.take(2, seconds=6)) == ["2", "3"]
    scene.say("fourth")
    assert ids(stream.take(1)) == ["4"]


def test_who_was_cut_off_from_redis_is_told_to_forget_what_was_live(
    scene: Scene,
) -> None:
    stream = scene.live()
    scene.show(text="He")
    stream.take(1)

    # What the subscription says when its connection is lost, and when it is back.
    [follower] = session_streams.followers
    follower.loop.call_soon_threadsafe(subscription.resync)

    (told,) = stream.take(1)
    assert (told.id, told.event) == (None, "session.resync")


def test_many_messages_at_once_are_no_reason_to_fall_behind(scene: Scene) -> None:
    stream = scene.live()

    scene.say(*map(str, range(60)))

    assert ids(stream.take(60)) == [str(n) for n in range(1, 61)]


def test_a_reader_that_fell_behind_is_told_and_misses_no_message(scene: Scene) -> None:
    stream = scene.live()
    session_id = scene.session["id"]

    # More words at once than a queue holds: those in excess are dropped.
    with transaction.atomic():
        for number in range(QUEUE_MAX + 2):
            tell_preview(session_id, "generation.delta", {"number": number})
    scene.say("Hello")

    frames = stream.until(lambda frame: frame.id == "1")
    events = [frame.event for frame in frames]
    assert events == [
        *["generation.delta"] * QUEUE_MAX,
        "session.resync",
        "user.message",
    ]


@pytest.mark.parametrize("how", ["closed", "deleted", "archived", "unnoticed"])
def test_a_stream_ends_with_its_session_after_the_last_message(
    scene: Scene, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = scene.live()
    scene.say("bye")
    assert ids(stream.take(1)) == ["1"]
    path = f"sessions/{scene.session['id']}"

    if how == "unnoticed":
        monkeypatch.setattr(outbound, "attempt", lambda operation, fallback: fallback)
    if how == "deleted":
        scene.api.delete(path)
    elif how == "archived":
        scene.api.delete(f"agents/{scene.agent['id']}")
    else:
        scene.api.patch(path, {"status": "closed"})

    assert stream.rest(seconds=6) == []


def test_a_closed_session_is_replayed_and_the_stream_ends(scene: Scene) -> None:
    scene.say("a", "b", "c")
    scene.api.patch(f"sessions/{scene.session['id']}", {"status": "closed"})

    assert ids(scene.watch(after_sequence=1).rest()) == ["2", "3"]


def test_strangers_are_turned_away(scene: Scene) -> None:
    worker = make_key(make_principal(scene.home, role="Worker"))
    globex = make_project("globex")
    stranger = make_key(make_principal(globex, role="Admin"))
    other = make_agent(scene.api, "other")
    session = scene.session["id"]
    nested = f"agents/{other['id']}/sessions/{session}/events.stream"

    def status(key: str, **options: Any) -> int:
        return scene.watch(key=key, **options).status

    assert status("mbx_nobody") == 401
    assert status(worker) == 403
    assert status(stranger) == 404
    url = f"{scene.url}/v1/projects/globex/sessions/{session}/stream"
    with EventStream(url, stranger) as elsewhere:
        assert elsewhere.status == 404
    assert status(scene.key, path=nested) == 404
    refused = scene.watch(after_sequence="-1")
    assert (refused.status, refused.json()["details"]["path"]) == (
        400,
        "after_sequence",
    )


def end_key(principal: Principal) -> None:
    ApiKey.objects.filter(principal=principal).update(revoked_at=clock.now())


def take_role_away(principal: Principal) -> None:
    RoleAssignment.objects.filter(principal=principal).delete()


@pytest.mark.parametrize("revoke", [end_key, take_role_away])
def test_an_open_stream_ends_soon_after_its_key_lost_its_right(
    scene: Scene, revoke: Callable[[Principal], None]
) -> None:
    principal = make_principal(scene.home, role="Viewer")
    lost = scene.live(key=make_key(principal))
    kept = scene.live()

    revoke(principal)

    lost.rest(seconds=8)
    scene.say("Hello")
    assert ids(kept.take(1)) == ["1"]
