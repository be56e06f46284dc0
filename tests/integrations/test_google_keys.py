"""Google's own keys: fetched, kept, changed, away."""

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from apps.integrations import google_keys
from tests.deliveries.receiver import Receiver, running_receiver
from tests.integrations.scenes import (
    GMAIL_CONFIG,
    Body,
    connect,
    deliver,
    event_of,
    refusal,
)
from tests.integrations.senders import KEY, OTHER_KEY, gmail, token
from tests.support.api import Api
from tests.support.frozen import FrozenClock
from tests.support.waiting import wait_until

AWAY = (503, "service_unavailable")


def publish(google: Receiver, *keys: Any) -> None:
    """Let Google have these keys, and one of another kind."""
    listed = [{**key.as_dict(private=False), "use": "sig"} for key in keys]
    google.answer = json.dumps({"keys": [{"kty": "EC"}, *listed]}).encode()


@pytest.fixture
def google(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """Google on this machine, asked by a process that just began."""
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(google_keys, "_published", google_keys._PublishedKeys())
    with running_receiver() as running:
        settings.GOOGLE_KEYS_URL = running.url
        publish(running, KEY)
        yield running


@pytest.fixture
def made(api: Api, google: Receiver) -> Body:
    config = {n: GMAIL_CONFIG[n] for n in ("service_account_email", "audience")}
    return connect(api, "gmail", config=config)


def test_keys_are_fetched_once_and_kept_for_an_hour(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    for number in range(3):
        event_of(made, gmail(at=frozen.at, id=f"{number}"))
    assert len(google.received) == 1

    event_of(made, gmail(at=frozen.tick(minutes=61), id="later"))

    assert len(google.received) == 2


def test_when_google_changes_its_keys_new_tokens_are_verified_at_once(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    event_of(made, gmail(at=frozen.at, id="1"))
    publish(google, OTHER_KEY)
    frozen.tick(seconds=30)

    event_of(made, gmail(at=frozen.at, key=OTHER_KEY, id="2"))

    old = gmail(at=frozen.at, id="3")
    assert refusal(made, old) == (401, "invalid_signature")


def test_tokens_of_unknown_keys_do_not_make_us_ask_again_and_again(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    event_of(made, gmail(at=frozen.at))
    unknown = gmail(at=frozen.at, key=OTHER_KEY, id="2")

    for _ in range(5):
        assert refusal(made, unknown) == (401, "invalid_signature")

    assert len(google.received) == 1
    frozen.tick(seconds=30)
    for _ in range(5):
        assert refusal(made, unknown) == (401, "invalid_signature")
    assert len(google.received) == 2


def test_what_is_no_token_makes_nobody_ask(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    request = gmail(at=frozen.at)
    none = token(at=frozen.at, header={"alg": "RS256", "kid": "first"})[5:]

    for word in ("", "Bearer x.y.z", f"Bearer {none}"):
        sent = request.with_headers(Authorization=word)
        assert refusal(made, sent) == (401, "invalid_signature")

    assert google.received == []


def test_while_google_is_away_known_keys_go_on_counting(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    event_of(made, gmail(at=frozen.at, id="1"))
    google.status = 500

    event_of(made, gmail(at=frozen.tick(hours=5), id="2"))

    unknown = gmail(at=frozen.at, key=OTHER_KEY, id="3")
    assert refusal(made, unknown) == AWAY


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7]}']
)
def test_without_any_key_it_is_told_to_come_back(
    made: Body, google: Receiver, frozen: FrozenClock, answer: bytes
) -> None:
    google.answer = answer
    request = gmail(at=frozen.at)

    answers = [deliver(made, request) for _ in range(3)]

    assert {one.status_code for one in answers} == {503}
    assert answers[0]["Retry-After"]
    assert len(google.received) == 1
    publish(google, KEY)
    event_of(made, gmail(at=frozen.tick(seconds=30)))


@pytest.mark.parametrize(
    "key",
    [
        {"kty": "RSA"},
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
        {"kty": "RSA", "n": 7, "e": 7},
        {"kty": "RSA", "n": "ü", "e": "AQAB"},
    ],
)
def test_a_key_that_is_none_is_passed_over(
    made: Body, google: Receiver, frozen: FrozenClock, key: Any
) -> None:
    listed = [key, KEY.as_dict(private=False)]
    google.answer = json.dumps({"keys": listed}).encode()

    event_of(made, gmail(at=frozen.at))


def test_google_is_not_looked_for_at_private_addresses(
    made: Body, google: Receiver, frozen: FrozenClock, settings: Any
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = []

    assert refusal(made, gmail(at=frozen.at)) == AWAY

    assert google.received == []


def test_while_one_fetches_nobody_else_does(
    made: Body, google: Receiver, frozen: FrozenClock
) -> None:
    meanwhile: list[tuple[int, str]] = []
    fetching = google_keys._published._fetching

    with fetching:
        meanwhile.append(refusal(made, gmail(at=frozen.at)))

    assert (meanwhile, google.received) == ([AWAY], [])
    wait_until(lambda: not fetching.locked())
    event_of(made, gmail(at=frozen.at))
