"""What waits, and what was answered."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import escape

from apps.api.pagination import encode_cursor
from apps.identity.models import Principal, Project
from apps.inbox import selectors
from apps.kernel import clock
from tests.inbox.conftest import ask, make_group, make_member, signed_in
from tests.support.factories import make_project


def messages_in(page: str, *messages: str) -> list[str]:
    """Those of the messages that a page shows, in its order."""
    found = [message for message in messages if escape(message) in page]
    return sorted(found, key=lambda message: page.index(escape(message)))


def shown(client: Client, path: str = "/inbox/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_newest_comes_first_and_only_what_asks_me(
    rita: Principal, paul: Principal, eve: Principal
) -> None:
    now = clock.now()
    ask(rita, message="Old one?", at=now - timedelta(hours=2))
    ask(rita, message="New <b>one</b>?", at=now)
    ask(paul, message="For Paul?", at=now)
    ask(eve, message="For Eve?", at=now)

    page = shown(signed_in(rita))

    asked = ("Old one?", "New <b>one</b>?", "For Paul?", "For Eve?")
    assert messages_in(page, *asked) == ["New <b>one</b>?", "Old one?"]
    assert "<title>(2) Waiting for you" in page


def test_all_projects_of_a_person_are_one_inbox(rita: Principal) -> None:
    other = make_member(make_project("globex"), "rita-at-globex", account="rita")
    ask(rita, message="At home?")
    ask(other, message="Abroad?")

    page = shown(signed_in(rita))

    assert messages_in(page, "At home?", "Abroad?") == ["Abroad?", "At home?"]
    assert "globex" in page


def test_a_card_says_what_matters(
    project: Project, rita: Principal, paul: Principal
) -> None:
    others = [make_member(project, name) for name in ("ann", "ben")]
    group = make_group(project, "support", rita, paul, *others)
    ask(group, expires_in=timedelta(minutes=30))

    page = shown(signed_in(rita))

    assert "Approval" in page
    assert "acme" in page
    assert 'class="due soon"' in page
    assert "in 30 min" in page
    assert "Also asked: " in page
    assert "and 1 more" in page


def test_what_expired_or_was_answered_does_not_wait(
    rita: Principal, paul: Principal
) -> None:
    now = clock.now()
    ask(
        rita,
        message="Too late?",
        at=now - timedelta(hours=2),
        expires_in=timedelta(hours=1),
    )
    done = ask(rita, paul, message="Done?")
    signed_in(paul).post(f"/inbox/{done.id}/answer", {"value": "true"})

    page = shown(signed_in(rita))

    assert "Nothing waits for you" in page
    assert messages_in(page, "Too late?", "Done?") == []


def test_older_requests_are_on_the_next_page(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE_SIZE", 2)
    words = [f"Number {number}?" for number in range(5)]
    for word in words:
        ask(rita, message=word)
    client = signed_in(rita)

    seen: list[str] = []
    path = "/inbox/"
    while path:
        page = shown(client, path)
        seen += messages_in(page, *words)
        _, _, rest = page.partition('href="/inbox/?cursor=')
        path = f"/inbox/?cursor={rest.partition(chr(34))[0]}" if rest else ""

    assert seen == words[::-1]


@pytest.mark.parametrize("path", ["/inbox/", "/inbox/answered"])
@pytest.mark.parametrize("position", [[1], ["\x00"], ["a", "b"], [1, 2], ["a"] * 3])
def test_a_cursor_of_nobody_is_refused(
    rita: Principal, path: str, position: list[object]
) -> None:
    answer = signed_in(rita).get(path, {"cursor": encode_cursor(*position)})

    assert answer.status_code == 400


def test_answers_are_kept_latest_first(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "PAGE_SIZE", 1)
    client = signed_in(rita)
    assert "not answered anything yet" in shown(client, "/inbox/answered")
    for message, value in (("First?", "true"), ("Second?", "false")):
        question = ask(rita, message=message)
        client.post(f"/inbox/{question.id}/answer", {"value": value})

    first = shown(client, "/inbox/answered")
    cursor = first.partition("?cursor=")[2].partition('"')[0]
    second = shown(client, f"/inbox/answered?cursor={cursor}")

    assert messages_in(first, "First?", "Second?") == ["Second?"]
    assert "Rejected" in first
    assert messages_in(second, "First?", "Second?") == ["First?"]
    assert "Approved" in second
    assert "?cursor=" not in second


def test_the_fragment_is_the_list_alone(rita: Principal) -> None:
    ask(rita)

    fragment = shown(signed_in(rita), "/inbox/list")

    assert 'data-count="1"' in fragment
    assert "Approve the refund?" in fragment
    assert "<html" not in fragment


def test_more_requests_do_not_make_more_queries(
    rita: Principal, django_assert_max_num_queries: object
) -> None:
    for _ in range(30):
        ask(rita)
    client = signed_in(rita)

    with django_assert_max_num_queries(12):  # type: ignore[operator]
        shown(client)
