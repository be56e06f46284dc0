"""Deliveries over a real socket: the bytes that are verified are those that came."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from apps.integrations import google_keys
from apps.kernel import clock
from tests.deliveries.receiver import running_receiver
from tests.integrations.payloads import SLACK_COMMAND
from tests.integrations.scenes import GMAIL_CONFIG, Body, connect, events_of
from tests.integrations.senders import KEY, Request, github, gmail, slack
from tests.support.api import Api
from tests.support.server import running_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def base(db: None) -> Iterator[str]:
    with running_server() as url:
        yield url


def post(base: str, made: Body, request: Request) -> httpx.Response:
    path = f"/v1/integrations/{made['provider']}/{made['handle']}"
    headers = {**request.headers, "Content-Type": request.content_type}
    return httpx.post(base + path, content=request.body, headers=headers)


def test_each_gets_the_answer_that_its_provider_expects(
    api: Api, base: str, settings: Any
) -> None:
    code, chat = connect(api, "github"), connect(api, "slack")

    taken = post(base, code, github())
    silent = post(base, chat, slack(at=clock.now(), form=SLACK_COMMAND))
    spoilt = post(base, code, github().with_body(github().body + b"\n"))
    huge = github(body=b" " * (settings.REQUEST_BYTES_MAX + 1))

    assert (taken.status_code, taken.json()["deduped"]) == (202, False)
    assert taken.headers["X-Request-ID"]
    assert (silent.status_code, silent.content) == (200, b"")
    assert (spoilt.status_code, spoilt.json()["code"]) == (401, "invalid_signature")
    assert post(base, code, huge).status_code == 413
    assert events_of(code) == ["github.pull_request.opened"]
    assert events_of(chat) == ["slack.command"]


def test_a_thread_of_the_api_fetches_the_keys_of_google(
    api: Api, base: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(google_keys, "_published", google_keys._PublishedKeys())
    config = {n: GMAIL_CONFIG[n] for n in ("service_account_email", "audience")}
    mail = connect(api, "gmail", config=config)

    with running_receiver() as google:
        google.answer = json.dumps({"keys": [KEY.as_dict(private=False)]}).encode()
        settings.GOOGLE_KEYS_URL = google.url
        answers = [post(base, mail, gmail(at=clock.now(), id=f"{n}")) for n in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(google.received) == 1
    assert events_of(mail) == ["gmail.message.received"] * 2
