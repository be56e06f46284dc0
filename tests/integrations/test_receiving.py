"""What holds for every provider's address: no key, a signature, once, not too much."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.integrations.scenes import connect, deliver, event_of, events_of, refusal
from tests.integrations.senders import (
    OTHER_KEY,
    SENDERS,
    SIGNATURES,
    Request,
    json_of,
)
from tests.support.api import Api
from tests.support.frozen import FrozenClock

EVENTS = {
    "github": "github.pull_request.opened",
    "linear": "linear.issue.updated",
    "slack": "slack.event",
    "jira": "jira.issue.updated",
    "gmail": "gmail.message.received",
}
STATUSES = {"github": 202, "linear": 200, "slack": 200, "jira": 202, "gmail": 202}
PROVIDERS = sorted(SENDERS)

every_provider = pytest.mark.parametrize("provider", PROVIDERS)


@every_provider
def test_a_signed_delivery_becomes_a_public_event_of_the_project(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)

    event = event_of(made, SENDERS[provider](at=frozen.at))

    assert (event.event_type, event.source_kind) == (EVENTS[provider], "integration")
    assert (event.source_id, event.public) == (made["id"], True)
    assert event.meta["integration_id"] == made["id"]
    assert event.meta["provider"] == provider
    assert event.meta["delivery_id"]
    shown = api.get(f"source-events/{event.id}").json()
    assert shown["event"] == event.event
    listed = api.get(f"source-events?event_type={provider}.*&source_id={made['id']}")
    assert [one["id"] for one in listed.json()["items"]] == [event.id]
    last = api.get(f"integrations/{made['id']}").json()["last_event_at"]
    assert last == shown["created_at"]


@every_provider
def test_a_delivery_that_comes_twice_is_one_event(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    other = connect(api, provider, name="other")
    request = SENDERS[provider](at=frozen.at)

    first, second = deliver(made, request), deliver(made, request)

    assert (first.status_code, second.status_code) == (STATUSES[provider],) * 2
    assert events_of(made) == [EVENTS[provider]]
    if provider == "slack":
        assert (first.content, second.content) == (b"", b"")
    else:
        assert first.json()["status"] == "accepted"
        assert first.json()["deduped"] is False
        assert second.json() == {**first.json(), "deduped": True}
    deliver(other, request)
    assert events_of(other) == [EVENTS[provider]]


@every_provider
def test_a_delivery_that_is_not_signed_right_is_refused(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    header = SIGNATURES[provider]
    right = SENDERS[provider](at=frozen.at)
    signature = right.headers[header]
    wrong = (
        None,
        "",
        signature[:-1],
        signature[: len(signature) // 2],
        signature + "0",
        signature.split("=")[-1] + "=",
        signature.replace("sha256", "sha1").replace("v0", "v1").replace("B", "Z"),
        "sha256=",
        "v0=",
        "Bearer ",
        "Bearer a.b.c",
        "ü" * 64,
        "0" * 64,
    )

    for sent in wrong:
        if sent == signature:
            continue  # Linear's has no scheme that could be wrong
        request = right.with_headers(**{header: sent})
        assert refusal(made, request) == (401, "invalid_signature"), sent


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name != "gmail"])
def test_the_signature_is_of_every_byte_and_of_this_secret(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    right = SENDERS[provider](at=frozen.at)
    refused = (401, "invalid_signature")

    assert refusal(made, right.with_body(right.body + b" ")) == refused
    assert refusal(made, right.with_body(right.body[:-1])) == refused
    assert refusal(made, right.with_body(b"")) == refused
    other = SENDERS[provider](at=frozen.at, secret="another-secret")
    assert refusal(made, other) == refused
    spaced = b"\n " + right.body.replace(b'":', b'" :')
    if provider != "github":
        spaced = SENDERS[provider](at=frozen.at, body=spaced).body
    event_of(made, SENDERS[provider](at=frozen.at, body=spaced))


def test_a_token_of_another_key_is_refused(api: Api, frozen: FrozenClock) -> None:
    made = connect(api, "gmail")

    other = SENDERS["gmail"](at=frozen.at, key=OTHER_KEY)

    assert refusal(made, other) == (401, "invalid_signature")


@every_provider
def test_from_the_moment_a_secret_is_replaced_only_the_new_one_counts(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    change: dict[str, Any] = {"secret": "the-new-secret"}
    with_new: dict[str, Any] = {"secret": "the-new-secret"}
    if provider == "gmail":
        keys = [OTHER_KEY.as_dict(private=False)]
        change = {"config": {**made["config"], "public_keys": keys}}
        with_new = {"key": OTHER_KEY}

    assert api.patch(f"integrations/{made['id']}", change).status_code == 200

    old = SENDERS[provider](at=frozen.at)
    assert refusal(made, old) == (401, "invalid_signature")
    event_of(made, SENDERS[provider](at=frozen.at, **with_new))


@every_provider
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1]", b"null", b"a=1", b"\xff", b"[" * 200]
)
def test_a_signed_body_that_is_no_json_object_is_400(
    api: Api, frozen: FrozenClock, provider: str, body: bytes
) -> None:
    made = connect(api, provider)

    request = SENDERS[provider](at=frozen.at, body=body)

    assert refusal(made, request) == (400, "bad_request")


@every_provider
def test_text_with_the_character_nul_is_400(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    request = SENDERS[provider](at=frozen.at)
    spoilt = request.body.replace(b"}", b',"nul":"\\u0000"}', 1)
    if provider == "gmail":
        spoilt = request.body.replace(b"2070443601311540", b"2070\\u0000")

    answer = refusal(made, SENDERS[provider](at=frozen.at, body=spoilt))

    assert answer == (400, "bad_request")


@every_provider
def test_the_content_type_does_not_change_what_json_is(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    request = SENDERS[provider](at=frozen.at)

    for kind in ("text/plain", "application/json; charset=utf-8", "multipart/x", "ü"):
        sent = Request(request.body, request.headers, kind)
        assert deliver(made, sent).status_code == STATUSES[provider], kind

    assert events_of(made) == [EVENTS[provider]]


@every_provider
def test_a_delivery_over_the_limit_is_413_before_its_signature_is_looked_at(
    api: Api, frozen: FrozenClock, settings: Any, provider: str
) -> None:
    made = connect(api, provider)
    request = SENDERS[provider](at=frozen.at)
    settings.INTEGRATION_BYTES_MAX = len(request.body)

    assert deliver(made, request).status_code == STATUSES[provider]
    longer = request.with_body(request.body + b" ")

    assert refusal(made, longer) == (413, "payload_too_large")


def test_a_mebibyte_is_the_most_and_64_kibibytes_for_gmail(
    api: Api, frozen: FrozenClock
) -> None:
    code, mail = connect(api, "github"), connect(api, "gmail")
    most = b'{"a":"' + b"x" * (1024 * 1024 - 8) + b'"}'
    mail_most = 64 * 1024

    event_of(code, SENDERS["github"](at=frozen.at, body=most))
    too_much = SENDERS["github"](at=frozen.at, body=most + b" ")
    assert refusal(code, too_much) == (413, "payload_too_large")
    request = SENDERS["gmail"](at=frozen.at)
    filled = request.body + b" " * (mail_most - len(request.body))
    event_of(mail, request.with_body(filled))
    assert refusal(mail, request.with_body(filled + b" "))[0] == 413


@every_provider
def test_there_is_nothing_at_other_addresses(
    api: Api, frozen: FrozenClock, provider: str
) -> None:
    made = connect(api, provider)
    request = SENDERS[provider](at=frozen.at)
    another = next(name for name in PROVIDERS if name != provider)
    nowhere = (404, "not_found")

    assert refusal({**made, "handle": made["handle"][:-1]}, request) == nowhere
    assert refusal({**made, "handle": made["id"]}, request) == nowhere
    assert refusal({**made, "handle": "%00"}, request) == nowhere
    for name in (another, "trello", provider.upper(), "%00"):
        assert refusal({**made, "provider": name}, request) == nowhere
    api.patch(f"integrations/{made['id']}", {"enabled": False})
    assert refusal(made, request) == nowhere
    api.patch(f"integrations/{made['id']}", {"enabled": True})
    event_of(made, request)
    api.delete(f"integrations/{made['id']}")
    assert refusal(made, request) == nowhere


def test_only_post_is_taken(api: Api) -> None:
    made = connect(api)
    path = f"/v1/integrations/github/{made['handle']}"

    for method in ("get", "put", "patch", "delete", "options"):
        assert getattr(APIClient(), method)(path).status_code == 405


def test_too_many_deliveries_to_one_address_are_told_when_to_come_back(
    api: Api, frozen: FrozenClock, settings: Any
) -> None:
    settings.RATE_LIMIT_INTEGRATION = 2
    made, other = connect(api), connect(api, name="other")
    request = SENDERS["github"](at=frozen.at)

    answers = [deliver(made, request) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2]["X-RateLimit-Scope"] == "integration"
    assert int(answers[2]["Retry-After"]) >= 1
    assert deliver(other, request).status_code == 202


def test_the_payload_is_kept_as_it_came(api: Api, frozen: FrozenClock) -> None:
    made = connect(api)
    payload = {"text": "ß 漢字 🎉 \u2028 \\", "deep": [{"a": [None, True, 1.5, -3]}]}

    event = event_of(made, SENDERS["github"](at=frozen.at, body=json_of(payload)))

    assert event.event == payload
