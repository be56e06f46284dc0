"""What Google Pub/Sub pushes for Gmail: whose token it has to carry."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from tests.integrations.payloads import GMAIL_NOTICE
from tests.integrations.scenes import GMAIL_CONFIG, connect, event_of, refusal
from tests.integrations.senders import (
    AUDIENCE,
    EMAIL,
    KEY,
    OTHER_KEY,
    SUBSCRIPTION,
    Request,
    gmail,
    json_of,
    token,
)
from tests.support.api import Api
from tests.support.frozen import FrozenClock

REFUSED = (401, "invalid_signature")


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    return connect(api, "gmail")


def with_token(request: Request, **how: Any) -> Request:
    return request.with_headers(Authorization=f"Bearer {token(**how)}")


def test_a_notice_is_the_decoded_data(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    event = event_of(made, gmail(at=frozen.at))

    assert event.event == GMAIL_NOTICE
    assert event.meta == {
        "event_type": "gmail.message.received",
        "integration_id": made["id"],
        "provider": "gmail",
        "delivery_id": "2070443601311540",
        "email_address": "ada@example.com",
        "history_id": "9876543210",
        "subscription": SUBSCRIPTION,
        "publish_time": "2026-05-04T11:59:58.701Z",
    }


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example.com"},
        {"aud": None},
        {"aud": 7},
        {"iss": "https://accounts.example.com"},
        {"iss": None},
        {"email": "somebody@analytical.iam.gserviceaccount.com"},
        {"email": EMAIL.upper()},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "yes"},
        {"email_verified": None},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
    ],
)
def test_a_token_with_another_claim_is_refused(
    made: dict[str, Any], frozen: FrozenClock, claims: dict[str, Any]
) -> None:
    assert refusal(made, gmail(at=frozen.at, **claims)) == REFUSED


def test_a_token_that_ran_out_is_refused(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    request = gmail(at=frozen.at)

    frozen.tick(seconds=3600 + 59)
    event_of(made, request)
    frozen.tick(seconds=1)

    assert refusal(made, request) == (401, "stale_signature")


def test_a_token_of_the_future_is_refused(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    request = gmail(at=frozen.at)

    frozen.tick(seconds=-61)

    assert refusal(made, request) == REFUSED


def part(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def test_only_rs256_is_a_signature(made: dict[str, Any], frozen: FrozenClock) -> None:
    request, at = gmail(at=frozen.at), frozen.at
    head, claims, signature = token(at=at).split(".")
    none = part(b'{"alg":"none","kid":"first"}')
    hs256 = part(b'{"alg":"HS256","kid":"first"}') + "." + claims
    by_public = hmac.new(KEY.as_pem(private=False), hs256.encode(), hashlib.sha256)
    nest = part(b"[" * 2900)
    bodies = [
        f"{hs256}.{part(by_public.digest())}",
        f"{none}.{claims}.",
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}..{signature}",
        f"{head}.{claims}.{signature}.x",
        f"{nest}.{claims}.{signature}",
        token(at=at, header={"alg": "RS256", "kid": "unknown"}),
        token(at=at, key=OTHER_KEY, header={"alg": "RS256", "kid": "first"}),
        token(at=at, pad="x" * 4096),
    ]

    for body in bodies:
        sent = request.with_headers(Authorization=f"Bearer {body}")
        assert refusal(made, sent) == REFUSED, body
    for word in (f"Basic {token(at=at)}", token(at=at), f"Bearer{token(at=at)}"):
        assert refusal(made, request.with_headers(Authorization=word)) == REFUSED


def test_a_token_need_not_name_its_key(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    unnamed = with_token(gmail(at=frozen.at), at=frozen.at, header={"alg": "RS256"})

    event_of(made, unnamed)


@pytest.mark.parametrize("form", ["pem", "jwk without kid"])
def test_a_key_without_a_name_verifies_any_token(
    api: Api, frozen: FrozenClock, form: str
) -> None:
    jwk = {"kty": "RSA", **{n: KEY.as_dict(private=False)[n] for n in ("n", "e")}}
    key = KEY.as_pem(private=False).decode() if form == "pem" else jwk
    config = {**GMAIL_CONFIG, "public_keys": [OTHER_KEY.as_dict(private=False), key]}
    made = connect(api, "gmail", config=config)

    event_of(made, gmail(at=frozen.at))

    assert made["config"]["public_keys"][1] == jwk


def test_without_an_audience_tokens_are_made_out_to_the_receive_url(
    api: Api, frozen: FrozenClock
) -> None:
    config = {name: GMAIL_CONFIG[name] for name in GMAIL_CONFIG if name != "audience"}
    made = connect(api, "gmail", config=config)

    event_of(made, gmail(at=frozen.at, aud=made["receive_url"]))

    assert refusal(made, gmail(at=frozen.at, aud=AUDIENCE, id="2")) == REFUSED


def test_with_a_subscription_others_may_not_report(
    api: Api, frozen: FrozenClock
) -> None:
    config = {**GMAIL_CONFIG, "subscription": SUBSCRIPTION}
    own = connect(api, "gmail", config=config)
    config = {**GMAIL_CONFIG, "subscription": f"{SUBSCRIPTION}-2"}
    another = connect(api, "gmail", name="another", config=config)

    event_of(own, gmail(at=frozen.at))

    assert refusal(another, gmail(at=frozen.at)) == (403, "permission_denied")


def message(**more: Any) -> bytes:
    data = base64.b64encode(json_of(GMAIL_NOTICE)).decode()
    return json_of({"message": {"data": data, "messageId": "7", **more}})


def test_either_alphabet_of_base64_is_read(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    notice = {"emailAddress": "ÿþ>>??@example.com", "historyId": "1"}
    data = base64.urlsafe_b64encode(json_of(notice)).decode().rstrip("=")
    assert "-" in data or "_" in data

    event = event_of(made, gmail(at=frozen.at, body=message(data=data)))

    assert event.event == notice


@pytest.mark.parametrize(
    "body",
    [
        json_of({"message": "text"}),
        json_of({}),
        message(messageId=None),
        message(messageId=7),
        message(messageId="x" * 201),
        message(data=None),
        message(data="%%%"),
        message(data=base64.b64encode(b"[]").decode()),
        message(data=base64.b64encode(b"\xff").decode()),
        message(data=base64.b64encode(b'{"historyId": 1}').decode()),
        message(data=base64.b64encode(b'{"emailAddress": "a@b.c"}').decode()),
    ],
)
def test_a_push_that_is_none_of_gmails_is_400(
    made: dict[str, Any], frozen: FrozenClock, body: bytes
) -> None:
    request = gmail(at=frozen.at, body=body)

    assert refusal(made, request) == (400, "bad_request")
