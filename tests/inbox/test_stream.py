"""The live stream of an open inbox, over a real socket."""

import http.client
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from pytest_django import Settings

from apps.identity.models import Principal, Project
from apps.inbox import live
from apps.inbox.live import inboxes
from apps.inbox.selectors import prints_of
from apps.inbox.sessions import SignedIn
from apps.kernel import clock
from apps.realtime import connections, outbound
from apps.realtime.subscription import subscription
from tests.inbox.conftest import ask, make_group, make_member, signed_in
from tests.inbox.streams import InboxStream
from tests.support.factories import make_project
from tests.support.server import running_server
from tests.support.waiting import wait_until


@pytest.fixture
def home(transactional_db: None) -> Project:
    """A project whose rows are really committed."""
    return make_project("acme")


@pytest.fixture
def rita(home: Project) -> Principal:
    """A member with an account."""
    return make_member(home, "rita")


@pytest.fixture
def paul(home: Project) -> Principal:
    """Her teammate."""
    return make_member(home, "paul")


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that looks for itself often."""
    monkeypatch.setattr(live, "TICK_SECONDS", 0.1)
    with running_server() as url:
        wait_until(subscription.connected.is_set)
        yield url


def test_only_who_is_signed_in_may_listen(site: str, rita: Principal) -> None:
    client = signed_in(rita)

    with InboxStream(site, client) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream"
        assert "no-store" in stream.headers["cache-control"]
        assert stream.headers["x-accel-buffering"] == "no"
    with InboxStream(site, None) as stream:
        assert stream.status == 401
    client.cookies["sessionid"] = "x" * 32
    with InboxStream(site, client) as stream:
        assert stream.status == 401


def test_a_new_request_is_told_to_who_is_asked(
    site: str, rita: Principal, paul: Principal
) -> None:
    with (
        InboxStream(site, signed_in(rita)) as hers,
        InboxStream(site, signed_in(paul)) as his,
    ):
        wait_until(lambda: inboxes.count() == 2)
        question = ask(rita)
        assert hers.changed() == [question.id]
        other = ask(paul)
        assert his.changed() == [other.id]


def test_everybody_asked_hears_that_it_is_over(
    site: str, home: Project, rita: Principal, paul: Principal
) -> None:
    question = ask(make_group(home, "support", rita, paul))
    with InboxStream(site, signed_in(rita)) as hers:
        signed_in(paul).post(f"/inbox/{question.id}/claim")
        assert hers.changed() == [question.id]
        signed_in(paul).post(f"/inbox/{question.id}/release")
        assert hers.changed() == [question.id]
        signed_in(paul).post(f"/inbox/{question.id}/answer", {"value": "true"})
        assert hers.changed() == [question.id]


def test_nothing_is_told_before_the_commit(site: str, rita: Principal) -> None:
    with InboxStream(site, signed_in(rita)) as hers:
        with transaction.atomic():
            ask(rita)
            transaction.set_rollback(True)
        kept = ask(rita)
        assert hers.changed() == [kept.id]


def test_a_lost_message_is_made_up_for(
    site: str, rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with InboxStream(site, signed_in(rita)) as hers:
        monkeypatch.setattr(outbound, "CHANNEL", "nobody-listens")
        ask(rita)
        assert hers.changed() == []


def break_subscriptions() -> None:
    """Kill the subscriptions to our own database: others share the server."""
    client = connections.client()
    mine = str(client.client_info()["db"])
    for other in client.client_list(_type="pubsub"):
        if str(other["db"]) == mine:
            client.client_kill_filter(_id=other["id"])


def test_after_a_break_everybody_looks(site: str, rita: Principal) -> None:
    with InboxStream(site, signed_in(rita)) as hers:
        wait_until(lambda: inboxes.count() == 1)
        break_subscriptions()
        assert hers.changed() == []


def test_many_changes_are_one_word(rita: Principal) -> None:
    inbox = live.OpenInbox("key", SignedIn(1, frozenset({rita.id})), {})
    for number in range(live.IDS_MAX + 1):
        inbox.tell(f"iact_{number}")

    assert inbox.take() == b'event: changed\ndata: {"ids":[]}\n\n'


def test_signing_out_ends_the_stream(site: str, rita: Principal) -> None:
    client = signed_in(rita)
    with InboxStream(site, client) as hers:
        client.post("/inbox/sign-out")
        assert hers.ends()
    wait_until(lambda: inboxes.count() == 0)


@pytest.mark.parametrize("change", ["password", "inactive", "expired"])
def test_a_session_that_is_no_good_any_more_ends_the_stream(
    site: str, rita: Principal, change: str
) -> None:
    with InboxStream(site, signed_in(rita)) as hers:
        assert rita.user is not None
        if change == "password":
            rita.user.set_password("another one")
        elif change == "inactive":
            rita.user.is_active = False
        else:
            Session.objects.update(expire_date=clock.now() - timedelta(seconds=1))
        rita.user.save()
        assert hers.ends()


def test_a_new_membership_is_followed(
    site: str, rita: Principal, paul: Principal
) -> None:
    with InboxStream(site, signed_in(rita)) as hers:
        Principal.objects.filter(pk=paul.pk).update(user=rita.user)
        assert hers.changed() == []
        question = ask(paul)
        assert hers.changed() == [question.id]


def test_a_quiet_stream_is_kept_alive(
    site: str, rita: Principal, settings: Settings
) -> None:
    settings.KEEP_ALIVE_SECONDS = 0.1
    with InboxStream(site, signed_in(rita)) as hers:
        hers.await_comment("keep-alive")


def test_a_full_server_turns_away(
    site: str, rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "INBOXES_MAX", 0)
    with InboxStream(site, signed_in(rita)) as stream:
        assert stream.status == 503


def test_all_open_inboxes_are_looked_after_by_one_query(
    site: str, home: Project
) -> None:
    members = [make_member(home, f"member-{number}") for number in range(5)]
    asked: list[int] = []

    def counted(ids: list[str]) -> dict[str, str]:
        asked.append(len(ids))
        return prints_of(ids)

    streams = [InboxStream(site, signed_in(member)) for member in members]
    wait_until(lambda: inboxes.count() == 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "prints_of", counted)
        wait_until(lambda: len(asked) >= 2)
    for stream in streams:
        stream.close()

    assert set(asked) == {5}


def test_pages_are_served_over_the_bridge(site: str, rita: Principal) -> None:
    """A form's token is asked for on the real road too."""
    question = ask(rita)
    road = http.client.HTTPConnection(urlsplit(site).netloc, timeout=15)
    cookie = f"sessionid={signed_in(rita).cookies['sessionid'].value}"
    road.request(
        "POST",
        f"/inbox/{question.id}/answer",
        "value=true",
        {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = road.getresponse()
    body = answer.read().decode()
    road.close()

    assert answer.status == 403
    assert "This form is too old" in body
    question.refresh_from_db()
    assert question.status == "pending"
