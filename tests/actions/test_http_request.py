"""http.request: where it goes, what comes back, and who sees the secret."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from apps.actions.models import Invocation
from apps.identity.models import Project
from apps.jobs.models import Job
from apps.kernel import clock
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.secrets.services.create import NewSecret, create_secret
from apps.source_events.models import SourceEvent
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.server_actions import run_step

pytestmark = pytest.mark.django_db

TOKEN = "s3cret-token-of-ada"


def request(api: Api, **parameters: Any) -> Run:
    return run_step(api, "http.request", parameters)


def test_a_request_is_sent_and_answered(api: Api, receiver: Receiver) -> None:
    run = request(
        api,
        method="POST",
        url=receiver.url,
        query={"page": 2, "all": True},
        headers={"X-Own": "yes"},
        body={"n": 1},
    )

    assert run.result == {
        "status": 200,
        "content_type": "application/json",
        "body": {"ok": True},
    }
    [got] = receiver.received
    assert (got.path, got.body) == ("/hook?all=true&page=2", b'{"n":1}')
    assert got.headers["x-own"] == "yes"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["idempotency-key"] == Invocation.objects.get().id


def test_a_text_is_sent_as_it_is(api: Api, receiver: Receiver) -> None:
    request(api, method="PUT", url=receiver.url, body="plain ü")

    assert receiver.received[0].body == "plain ü".encode()
    assert receiver.received[0].headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "tries"), [("GET", 3), ("PUT", 3), ("DELETE", 3), ("POST", 1)]
)
def test_what_may_be_repeated_is_when_the_endpoint_is_broken(
    api: Api, receiver: Receiver, method: str, tries: int
) -> None:
    receiver.status = 503
    run = request(api, method=method, url=receiver.url)

    assert (run.status, run.error_type) == ("failed", "http_error")
    assert len(receiver.received) == tries
    call = Invocation.objects.get()
    assert (call.http_status, call.retries, call.attempts) == (503, tries - 1, 1)


def test_a_second_try_may_succeed(api: Api, receiver: Receiver) -> None:
    receiver.script = [502]
    run = request(api, url=receiver.url)

    assert run.status == "completed"
    assert Invocation.objects.get().retries == 1


def test_a_refusal_is_not_asked_again(api: Api, receiver: Receiver) -> None:
    receiver.status, receiver.answer = 404, b"nothing here"
    run = request(api, url=receiver.url)

    assert run.error_message == "the endpoint answered 404: nothing here"
    assert len(receiver.received) == 1


def test_any_status_is_a_result_where_that_is_asked_for(
    api: Api, receiver: Receiver
) -> None:
    receiver.status = 404
    run = request(api, url=receiver.url, any_status=True)

    assert run.result is not None
    assert run.result["status"] == 404


def test_a_redirect_is_not_followed(api: Api, receiver: Receiver) -> None:
    receiver.status = 302
    receiver.headers["Location"] = "http://169.254.169.254/"
    run = request(api, url=receiver.url)

    assert (run.status, run.error_type) == ("failed", "http_error")
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://2130706433/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "http://user:pass@example.com/",
        "http://example.com\\@127.0.0.1/",
    ],
)
def test_it_never_leads_inwards(api: Api, url: str) -> None:
    run = request(api, url=url)

    assert (run.status, run.error_type) == ("failed", "address_refused")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "elsewhere"},
        {"Content-Length": "3"},
        {"X-Mobius-Signature": "sha256=00"},
        {"X-A": "b\r\nX-C: d"},
        {"bad name": "x"},
        {"X-A": "1", "x-a": "2"},
        {"X-A": "ü"},
    ],
)
def test_headers_cannot_say_what_is_ours(
    api: Api, receiver: Receiver, headers: dict[str, str]
) -> None:
    run = request(api, url=receiver.url, headers=headers)

    assert (run.status, run.error_type) == ("failed", "invalid_input")
    assert receiver.received == []


# --- Answers that are too much --------------------------------------------------


def test_an_answer_that_is_too_large_is_refused(
    api: Api, receiver: Receiver, settings: Any
) -> None:
    settings.RESULT_BYTES_MAX = 100
    receiver.answer = b'"' + b"x" * 200 + b'"'
    run = request(api, url=receiver.url)

    assert (run.status, run.error_type) == ("failed", "response_too_large")


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"\xff\xfe\x00{", "��{"),
        (b"[" * 5000 + b"]" * 5000, "[" * 5000 + "]" * 5000),
        (b'{"a": "b\\u0000c"}', {"a": "bc"}),
        (b"", None),
    ],
)
def test_garbage_is_a_text(
    api: Api, receiver: Receiver, answer: bytes, body: object
) -> None:
    receiver.answer = answer
    run = request(api, url=receiver.url)

    assert run.status == "completed"
    assert run.result is not None
    assert run.result["body"] == body


@pytest.fixture
def held(receiver: Receiver) -> Iterator[Receiver]:
    """An endpoint that does not answer until the test is over."""
    over = threading.Event()
    receiver.before = over.wait
    yield receiver
    over.set()


def test_an_endpoint_that_hangs_is_given_up(api: Api, held: Receiver) -> None:
    run = request(api, method="POST", url=held.url, timeout_seconds=0.2)

    assert (run.status, run.error_type) == ("failed", "timeout")


def test_the_time_limit_of_the_step_holds_for_all_tries(
    api: Api, held: Receiver
) -> None:
    step = {"retry": [{"max_retries": 0, "timeout": "1s"}]}
    run = run_step(
        api, "http.request", {"url": held.url, "timeout_seconds": 0.3}, **step
    )

    assert (run.status, run.error_type) == ("failed", "timeout")
    assert 1 <= len(held.received) <= 2


# --- Secrets ------------------------------------------------------------------------


@pytest.fixture
def secret(project: Project, receiver: Receiver) -> str:
    """A secret that may be sent to the receiver."""
    origin = receiver.url.removesuffix("/hook")
    values = {"token": TOKEN, "allowed_origins": f"https://api.example.com {origin}"}
    create_secret(project.id, NewSecret("api", values), created_by="", now=clock.now())
    return "api"


def bearer(key: str = "token") -> dict[str, Any]:
    return {"Authorization": {"secret": "api", "key": key, "prefix": "Bearer "}}


def test_a_secret_is_sent_and_shown_nowhere(
    api: Api, receiver: Receiver, secret: str
) -> None:
    receiver.answer = f'{{"you sent": "Bearer {TOKEN}"}}'.encode()
    run = request(api, url=receiver.url, headers=bearer())

    assert receiver.received[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert run.result is not None
    assert run.result["body"] == {"you sent": "Bearer [secret]"}
    for model in (Run, RunEvent, Job, Invocation, SourceEvent):
        for row in model.objects.values():
            assert TOKEN not in repr(row)


def test_an_error_does_not_repeat_the_secret(
    api: Api, receiver: Receiver, secret: str
) -> None:
    receiver.status, receiver.answer = 401, f"bad token {TOKEN}".encode()
    run = request(api, url=receiver.url, headers=bearer())

    assert run.error_message == "the endpoint answered 401: bad token [secret]"


def test_a_secret_goes_only_where_it_says(
    api: Api, project: Project, receiver: Receiver
) -> None:
    values = {"token": TOKEN, "allowed_origins": "https://127.0.0.1 http://127.0.0.1"}
    create_secret(project.id, NewSecret("api", values), created_by="", now=clock.now())

    run = request(api, url=receiver.url, headers=bearer())

    assert (run.status, run.error_type) == ("failed", "secret_error")
    assert "allowed_origins does not name it" in run.error_message
    assert receiver.received == []


def test_a_secret_that_names_no_origin_goes_nowhere(
    api: Api, project: Project, receiver: Receiver
) -> None:
    new = NewSecret("api", {"token": TOKEN})
    create_secret(project.id, new, created_by="", now=clock.now())

    assert request(api, url=receiver.url, headers=bearer()).error_type == "secret_error"


@pytest.mark.parametrize("key", ["other", "allowed_origins"])
def test_only_a_key_of_the_secret_is_sent(
    api: Api, receiver: Receiver, secret: str, key: str
) -> None:
    run = request(api, url=receiver.url, headers=bearer(key))

    assert run.error_type == "secret_error"
    assert TOKEN not in run.error_message
    assert receiver.received == []
