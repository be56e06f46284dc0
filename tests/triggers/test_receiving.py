"""The public address of a webhook trigger: no key, perhaps a signature."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.fernet import Fernet
from rest_framework.test import APIClient

from apps.identity.models import Project
from apps.secrets.services.reseal import reseal_secrets
from apps.source_events.models import SourceEvent
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import action, spec
from tests.triggers.scenes import (
    create,
    fires_of,
    on_event,
    row,
    runs_of,
    statuses,
    workflow,
)

SECRET = "s3cret"
BODY = b'{"sha": "abc", "files": [1, 2]}'
MIB = 1024 * 1024


def deliver(
    handle: str,
    body: bytes = BODY,
    /,
    *,
    word: str = "http",
    query: str = "",
    **headers: str,
) -> Any:
    """Send a request to a trigger's address, without a key; dispatch."""
    answer = APIClient().post(
        f"/v1/triggers/{word}/{handle}{query}",
        data=body,
        content_type="application/json",
        headers=headers,
    )
    dispatch_all()
    return answer


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("word", ["http", "webhook"])
def test_a_request_is_recorded_and_starts_a_run(
    api: Api, project: Project, word: str
) -> None:
    declared = spec(action("build"), inputs=[{"name": "commit", "type": "string"}])
    mapping = {"commit": "$.sha"}
    target = {"workflow_id": workflow(api, "build", declared), "input_mapping": mapping}
    made = create(api, "webhook", targets=[target])

    answer = deliver(made["webhook_handle"], word=word)

    told = answer.json()
    assert answer.status_code == 202
    assert told == {
        "source_event_id": told["source_event_id"],
        "status": "accepted",
        "deduped": False,
    }
    event = SourceEvent.objects.get(id=told["source_event_id"])
    assert (event.event_type, event.source_kind) == (
        "http_trigger.received",
        "http_trigger",
    )
    assert (event.source_id, event.event) == (made["id"], json.loads(BODY))
    assert event.meta == {
        "event_type": "http_trigger.received",
        "trigger_id": made["id"],
        "http_handle": made["webhook_handle"],
    }
    handler = SourceEvent.objects.get(event_type="loop.http_trigger.received")
    assert handler.dispatched_at is not None
    (run,) = runs_of(made)
    assert run.inputs == {
        "commit": "abc",
        "event": json.loads(BODY),
        "meta": event.meta,
    }
    found = api.get(f"runs?source_event_id={event.id}").json()["items"]
    assert [one["id"] for one in found] == [run.id]


def test_the_handle_is_the_id_unless_one_is_chosen(api: Api) -> None:
    plain = create(api, "http")
    chosen = create(api, "http", name="chosen", webhook_handle="deploy-now")

    assert plain["webhook_handle"] == plain["id"]
    assert chosen["receive_url"].endswith("/v1/triggers/webhook/deploy-now")
    assert deliver("deploy-now").status_code == 202


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b"", {}),
        (b"{}", {}),
        (b"[1]", {"body": [1]}),
        (b'"text"', {"body": "text"}),
        (b"null", {"body": None}),
    ],
)
def test_any_json_is_taken(api: Api, body: bytes, event: Any) -> None:
    made = create(api, "http")

    assert deliver(made["webhook_handle"], body).status_code == 202

    assert runs_of(made)[0].inputs["event"] == event


@pytest.mark.parametrize("body", [b"{", b"a=1", b'{"a": "\\u0000"}', b"[" * 200])
def test_what_is_no_json_is_refused(api: Api, body: bytes) -> None:
    made = create(api, "http")

    assert deliver(made["webhook_handle"], body).status_code == 400

    assert fires_of(made) == []


def test_a_body_over_one_mebibyte_is_refused(api: Api) -> None:
    made = create(api, "http")
    fits = b'"' + b"x" * (MIB - 2) + b'"'

    assert deliver(made["webhook_handle"], fits).status_code == 202
    answer = deliver(made["webhook_handle"], fits + b" ")

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_trigger_with_a_secret_takes_signed_requests_only(api: Api) -> None:
    made = create(api, "http", webhook_secret=SECRET)
    handle = made["webhook_handle"]
    assert made["has_webhook_secret"] is True
    assert SECRET not in json.dumps(made)
    wrong = (
        "",
        "sha256=",
        signed(BODY).removeprefix("sha256="),
        signed(BODY).replace("sha256", "sha1"),
        signed(BODY + b" "),
        signed(BODY, "other"),
        "sha256=ü",
    )

    for signature in wrong:
        answer = deliver(handle, **{"X-Mobius-Signature": signature})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert fires_of(made) == []
    right = signed(BODY)
    for signature in (right, right.upper().replace("SHA256", "sha256")):
        good = deliver(handle, **{"X-Mobius-Signature": signature})
        assert good.status_code == 202
    assert statuses(made) == ["success", "success"]


def test_the_signature_is_of_the_bytes_as_they_came(api: Api) -> None:
    made = create(api, "http", webhook_secret=SECRET)
    spaced = b'{ "sha":\n"abc" }'

    answer = deliver(
        made["webhook_handle"], spaced, **{"X-Mobius-Signature": signed(spaced)}
    )

    assert answer.status_code == 202


def test_a_secret_can_be_changed_and_taken_away(api: Api) -> None:
    made = create(api, "http", webhook_secret=SECRET)
    handle, path = made["webhook_handle"], f"triggers/{made['id']}"

    api.patch(path, {"webhook_secret": "new"})
    assert deliver(handle, **{"X-Mobius-Signature": signed(BODY)}).status_code == 401
    now = {"X-Mobius-Signature": signed(BODY, "new")}
    assert deliver(handle, **now).status_code == 202
    assert api.patch(path, {"webhook_secret": ""}).json()["has_webhook_secret"] is False
    assert deliver(handle).status_code == 202


@pytest.mark.parametrize(
    "how",
    [
        {"query": "?idempotency_key=k"},
        {"X-Idempotency-Key": "k"},
        {"Idempotency-Key": "k"},
        {"query": "?idempotency_key=k", "X-Idempotency-Key": "other"},
    ],
)
def test_a_repeated_request_is_one_event_and_one_run(
    api: Api, how: dict[str, str]
) -> None:
    made = create(api, "http")
    other = create(api, "http", name="other")

    first = deliver(made["webhook_handle"], query="?idempotency_key=k").json()
    second = deliver(made["webhook_handle"], **how).json()

    assert second == {**first, "deduped": True}
    assert len(runs_of(made)) == 1
    assert deliver(other["webhook_handle"], **how).json()["deduped"] is False


def test_a_key_that_is_too_long_is_refused(api: Api) -> None:
    made = create(api, "http")

    answer = deliver(made["webhook_handle"], query=f"?idempotency_key={'k' * 256}")
    fits = deliver(made["webhook_handle"], query=f"?idempotency_key={'k' * 255}")

    assert (answer.status_code, fits.status_code) == (400, 202)


def test_there_is_nothing_at_an_unknown_or_disabled_handle(api: Api) -> None:
    made = create(api, "http", enabled=False)

    for handle in ("nowhere", made["webhook_handle"], "%00"):
        answer = deliver(handle)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert APIClient().get(f"/v1/triggers/http/{made['id']}").status_code == 405


def test_a_request_accepted_before_the_trigger_was_disabled_is_skipped(
    api: Api,
) -> None:
    made = create(api, "http")
    APIClient().post(f"/v1/triggers/http/{made['id']}", data={}, format="json")

    api.patch(f"triggers/{made['id']}", {"enabled": False})
    dispatch_all()

    (fire,) = fires_of(made)
    assert (fire.status, fire.error) == ("skipped", "the trigger is disabled")


def test_a_filter_that_does_not_hold_leaves_a_skipped_fire(api: Api) -> None:
    made = create(api, "http", filter_config={"condition": "event.ref == 'main'"})

    deliver(made["webhook_handle"], b'{"ref": "dev"}')
    deliver(made["webhook_handle"], b'{"ref": "main"}')

    assert statuses(made) == ["skipped", "success"]
    assert "filter" in fires_of(made)[0].error


def test_an_event_trigger_hears_of_requests_to_another_trigger(api: Api) -> None:
    hook = create(api, "http")
    heard = on_event(api, "http_trigger.received", source_id=hook["id"])

    deliver(hook["webhook_handle"])

    assert (len(runs_of(hook)), len(runs_of(heard))) == (1, 1)


def test_too_many_requests_to_one_address_are_told_when_to_come_back(
    api: Api, settings: Any
) -> None:
    settings.RATE_LIMIT_TRIGGER = 2
    made = create(api, "http")
    other = create(api, "http", name="other")

    answers = [deliver(made["webhook_handle"]) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[0]["X-RateLimit-Limit"] == "2"
    assert answers[2]["X-RateLimit-Scope"] == "trigger"
    assert int(answers[2]["Retry-After"]) >= 1
    assert deliver(other["webhook_handle"]).status_code == 202


def test_the_secrets_of_triggers_are_sealed_anew_with_the_others(
    api: Api, settings: Any
) -> None:
    made = create(api, "http", webhook_secret=SECRET)
    before = row(made).sealed_secret
    settings.SECRETS_KEYS = [Fernet.generate_key().decode()]

    assert reseal_secrets() == 1

    assert row(made).sealed_secret != before
    right = {"X-Mobius-Signature": signed(BODY)}
    assert deliver(made["webhook_handle"], **right).status_code == 202
