"""The way in and out."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.identity.models import Principal, Project
from apps.inbox import throttle
from apps.realtime import connections
from tests.inbox.conftest import PASSWORD, ask, make_member, signed_in


@pytest.fixture(autouse=True)
def no_failures_yet(db: None) -> None:
    """Redis remembers failures longer than a test."""
    connections.client().flushdb()


def try_to_sign_in(
    username: str = "rita", password: str = PASSWORD, address: str = "10.0.0.1"
) -> int:
    answer = Client(REMOTE_ADDR=address).post(
        "/inbox/sign-in", {"username": username, "password": password}
    )
    return answer.status_code


def test_somebody_signs_in_and_out(rita: Principal) -> None:
    client = Client()

    page = client.get("/inbox/")
    assert page.status_code == 302
    assert page["Location"] == "/inbox/sign-in?next=%2Finbox%2F"
    assert client.get(page["Location"]).status_code == 200
    entered = client.post(
        page["Location"], {"username": "rita", "password": PASSWORD, "next": "/inbox/"}
    )
    assert entered["Location"] == "/inbox/"
    assert client.get("/inbox/").status_code == 200
    assert client.get("/inbox/sign-out").status_code == 405
    assert client.post("/inbox/sign-out")["Location"] == "/inbox/sign-in"
    assert client.get("/inbox/").status_code == 302


def test_one_arrives_where_one_wanted_to_go(rita: Principal) -> None:
    question = ask(rita)
    client = Client()

    asked = client.get(f"/inbox/{question.id}")
    entered = client.post(
        asked["Location"],
        {"username": "rita", "password": PASSWORD, "next": f"/inbox/{question.id}"},
    )

    assert entered["Location"] == f"/inbox/{question.id}"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_the_way_leads_nowhere_else(rita: Principal, elsewhere: str) -> None:
    entered = Client().post(
        "/inbox/sign-in",
        {"username": "rita", "password": PASSWORD, "next": elsewhere},
    )

    assert entered["Location"] == "/inbox/"


def test_a_wrong_password_is_told_without_saying_what_is_wrong(
    rita: Principal,
) -> None:
    known, unknown = (
        Client().post("/inbox/sign-in", {"username": name, "password": "no"})
        for name in ("rita", "nobody")
    )

    for answer in (known, unknown):
        assert answer.status_code == 200
        assert "do not match" in answer.content.decode()


def test_too_many_failures_have_to_wait(rita: Principal) -> None:
    for _ in range(throttle.FAILURES_MAX):
        assert try_to_sign_in(password="no") == 200

    refused = Client(REMOTE_ADDR="10.0.0.1").post(
        "/inbox/sign-in", {"username": "Rita", "password": PASSWORD}
    )
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= throttle.WINDOW_SECONDS
    assert "Try again in 5 minutes" in refused.content.decode()
    assert try_to_sign_in("paul", "no") == 200
    assert try_to_sign_in(address="10.0.0.2") == 302


def test_a_success_forgets_the_failures(rita: Principal) -> None:
    for _ in range(throttle.FAILURES_MAX - 1):
        try_to_sign_in(password="no")
    assert try_to_sign_in() == 302

    assert try_to_sign_in(password="no") == 200
    assert try_to_sign_in() == 302


def test_one_address_cannot_try_many_names(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "FAILURES_OF_ADDRESS_MAX", 3)
    for name in ("a", "b", "c"):
        try_to_sign_in(name, "no")

    assert try_to_sign_in() == 429
    assert try_to_sign_in(address="10.0.0.2") == 302


def test_without_redis_one_can_sign_in(
    rita: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.breaker, "is_open", lambda: True)

    assert try_to_sign_in(password="no") == 200
    assert try_to_sign_in() == 302


def test_an_account_without_a_project_is_told_whom_to_ask(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("lonely"))

    page = client.get("/inbox/")

    assert page.status_code == 403
    assert "lonely" in page.content.decode()
    assert "whoever looks after Mobius" in page.content.decode()
    assert "/admin/identity/principal/" not in page.content.decode()


def test_who_looks_after_it_is_shown_where(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))

    assert "/admin/identity/principal/" in client.get("/inbox/").content.decode()


def test_a_disabled_member_sees_nothing(rita: Principal) -> None:
    question = ask(rita)
    rita.disabled = True
    rita.save()

    page = signed_in(rita).get(f"/inbox/{question.id}")

    assert page.status_code == 403
    assert question.message not in page.content.decode()


def test_the_front_door_leads_each_to_their_place(project: Project) -> None:
    chief = Client()
    chief.force_login(User.objects.create_superuser("chief"))

    assert chief.get("/")["Location"] == "/admin/"
    assert signed_in(make_member(project, "rita")).get("/")["Location"] == "/inbox/"
    assert Client().get("/")["Location"] == "/inbox/"


def test_a_form_of_another_site_is_refused(rita: Principal) -> None:
    client = signed_in(rita, csrf=True)
    question = ask(rita)

    refused = client.post(f"/inbox/{question.id}/answer", {"value": "true"})

    question.refresh_from_db()
    assert refused.status_code == 403
    assert "This form is too old" in refused.content.decode()
    assert question.status == "pending"
    assert client.post("/inbox/sign-out").status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/inbox/", "/inbox/list", "/inbox/answered", "/inbox/sign-in", "/inbox/a/b/c"],
)
def test_every_page_runs_only_our_script_and_is_kept_by_nobody(
    rita: Principal, path: str
) -> None:
    answer = signed_in(rita).get(path)

    policy = dict(
        part.strip().split(" ", 1)
        for part in answer["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "same-origin"
