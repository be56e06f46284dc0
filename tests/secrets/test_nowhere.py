"""Secrets that are kept, used, repeated by whoever got them, rotated and destroyed are
in nothing that can be read: no row, line, answer, page, message or span."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from apps.actions.executor import Executor
from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.identity.models import Project
from apps.jobs.models import Job
from apps.realtime.connections import client as redis_client
from apps.runs.models import Run
from tests.actions.scenes import make_action
from tests.integrations.scenes import connect, deliver
from tests.integrations.senders import github
from tests.interactions.scenes import answer, people
from tests.secrets.looking import (
    Seen,
    look_at_pages,
    look_into_redis,
    look_into_tables,
    see_answers,
)
from tests.secrets.story import (
    BEARER,
    CALLBACK,
    CANARY,
    CHOSEN,
    CHOSEN_NEXT,
    GONE,
    NEWER,
    OF_ACTION,
    OF_HOOK,
    OF_HOOK_NEXT,
    OF_TRIGGER,
    TOKEN,
    Story,
    repeat,
)
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.waiting import wait_until
from tests.tracing.spans import Spans
from tests.triggers.scenes import create as create_trigger
from tests.webhooks.scenes import happen, hook


@pytest.fixture
def story(transactional_db: None, api: Api, settings: LazySettings) -> Iterator[Story]:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with ExitStack() as receivers:
        yield Story(api, receivers)


@contextmanager
def everything_said_to_redis(seen: Seen) -> Iterator[None]:
    """Messages are gone once they are said: they are heard as they are."""
    listening: Any = redis_client()
    with listening.pubsub(ignore_subscribe_messages=True) as heard:
        heard.psubscribe("*")
        heard.get_message(timeout=1)
        yield
        while (message := heard.get_message(timeout=0.05)) is not None:
            seen.add("redis messages", message["data"].decode(errors="replace"))


def use_in_actions(story: Story) -> None:
    """http.request and an action of the project's own, answered well and badly."""
    asked, called = story.asked, story.listen(OF_ACTION)
    story.keep("vault", asked, token=TOKEN)
    story.keep("own", called, token=OF_ACTION)
    headers = {"X-Own": {"secret": "own", "key": "token"}, "X-Plain": "in the open"}
    made = make_action(story.api, "charge", url=called.url, headers=headers)
    story.secrets.append(made["signing_secret"])
    repeat(called, OF_ACTION, made["signing_secret"])
    request = {"url": asked.url, "headers": {"Authorization": BEARER}}
    ends = [(200, "completed"), (401, "failed")]
    for action, sent in (("http.request", request), ("charge", {"amount": 3})):
        for status, ended in ends:
            asked.status = called.status = status
            for run in (story.run(action, **sent), story.run_loop(action, **sent)):
                assert run.status == ended, run.error_message
                assert "[secret]" in f"{run.result} {run.error_message}"
    assert {one.headers["x-own"] for one in called.received} == {OF_ACTION}
    assert {one.headers["authorization"] for one in asked.received} == {
        f"Bearer {TOKEN}"
    }
    rotated = story.api.post("actions/charge/secret/rotate")
    story.secrets.append(rotated.json()["signing_secret"])


def use_in_messages(story: Story, project: Project) -> None:
    """A webhook that mints, one with a chosen secret, a callback; most are refused."""
    mint, choose, back = (
        story.listen(NEWER),
        story.listen(CHOSEN),
        story.listen(CALLBACK),
    )
    minted = hook(story.api, mint.url, events=["custom.*"])
    chosen = hook(story.api, choose.url, events=["custom.*"], secret=CHOSEN, name="c")
    story.keep("callbacks", back, signing_key_b64=CALLBACK)
    first = minted["signing_secret"]
    repeat(mint, first)
    mint.status, choose.status, back.status = 401, 500, 422
    happen(project.id, event={"note": CANARY})
    send_due()
    path = f"webhooks/{minted['id']}/secret/rotate"
    second = story.api.post(path, {"overlap_seconds": 60}).json()["signing_secret"]
    story.secrets += [first, second]
    story.patch(f"webhooks/{chosen['id']}", {"secret": CHOSEN_NEXT})
    story.patch(f"webhooks/{chosen['id']}", {"secret": CHOSEN * 100})
    repeat(mint, first, second)
    repeat(choose, CHOSEN_NEXT)
    mint.status = 200
    happen(project.id, event={"note": CANARY})
    send_due()
    subscriber = {"callback_url": back.url, "secret_ref": "callbacks"}
    consumer = {"kind": "http_subscriber", "http_subscriber": subscriber}
    ann = people(project, "ann")[0]
    asked = {"kind": "request_approval", "title": "?", "target_user_ids": [ann.id]}
    question = story.post("interactions", {**asked, "consumer": consumer}).json()
    answered = answer(ann, question, comment=CANARY)
    assert answered.status_code == 200, answered.content
    dispatch_all()
    send_due()
    kept = Delivery.objects.filter(last_answer__contains="[secret]")
    assert {one.url for one in kept} == {mint.url, choose.url, back.url}


def use_from_outside(story: Story) -> None:
    """An integration and a trigger, with good and bad signatures."""
    made = connect(story.api, secret=OF_HOOK)
    story.answers.append(deliver(made, github(secret=OF_HOOK)))
    story.answers.append(deliver(made, github(secret=OF_HOOK_NEXT)))
    story.patch(f"integrations/{made['id']}", {"secret": OF_HOOK_NEXT})
    story.answers.append(deliver(made, github(secret=OF_HOOK_NEXT, id="2")))
    trigger = create_trigger(story.api, "http", webhook_secret=OF_TRIGGER)
    story.answers.append(story.api.get(f"triggers/{trigger['id']}"))
    dispatch_all()


def ask_wrongly(story: Story) -> None:
    """Requests that are refused and hold the value all the same."""
    for body in (
        {"name": "vault", "values": {"token": TOKEN}},
        {"name": "bad name", "values": {"token": TOKEN}},
        {"name": "x", "values": {"token": {"nested": TOKEN}}},
        {"name": "x", "values": {"token": [TOKEN]}},
        {"name": "x", "values": TOKEN},
        {"name": "x", "values": {"token": TOKEN * 5000}},
        {"name": "x", "values": {"token": TOKEN}, "more": TOKEN},
        [TOKEN],
    ):
        assert story.post("secrets", body).status_code in (400, 409)
    for path, field in (
        ("integrations", "secret"),
        ("webhooks", "secret"),
        ("triggers", "webhook_secret"),
    ):
        for value in (OF_HOOK * 500, [OF_HOOK], {"a": OF_HOOK}):
            assert story.post(path, {"name": "y", field: value}).status_code == 400
    story.patch("secrets/vault", {"values": {"token": [NEWER]}})
    story.patch("secrets/none", {"values": {"token": NEWER}})


def break_on_purpose(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the library's whose words hold what was sent, to the executor that
    every process has."""

    async def broken(*sent: Any) -> None:
        raise RuntimeError(f"cannot send {dict(sent[3])}")

    with monkeypatch.context() as patched:
        patched.setattr("apps.deliveries.client._exchange", broken)
        patched.setattr("apps.actions.executor.LINGER_SECONDS", 0.05)
        call = {"url": story.asked.url, "headers": {"Authorization": BEARER}}
        begun = [story.begin("http.request", **call), story.begin("charge", amount=1)]
        dispatch_all()
        executor = Executor()
        executor.wake()
        waiting = Job.objects.filter(run_id__in=begun, finished_at=None)
        wait_until(lambda: not waiting.exists())
        assert executor._thread is not None
        executor._thread.join(timeout=20)
    dispatch_all()
    failed = Run.objects.filter(id__in=begun, error_type="internal_error")
    assert failed.count() == len(begun)


def rotate_and_destroy(story: Story) -> None:
    """New values, an old version that is asked for, and a secret that is gone."""
    story.patch("secrets/vault", {"values": {"token": NEWER}})
    old = {**BEARER, "secret": "vault:1"}
    story.keep("gone", story.asked, token=GONE)
    story.answers.append(story.api.delete("secrets/gone"))
    lost = {**BEARER, "secret": "gone"}
    for header in (BEARER, old, lost):
        run = story.run("http.request", url=story.asked.url, headers={"A": header})
        assert run.error_type == "secret_error"


def a_worker_fails(project: Project) -> None:
    """What people say in the open is kept in the open, bytes included."""
    job = claim(project.id)
    assert job is not None
    Job.objects.filter(id=job["job_id"]).update(result=CANARY.encode())


def read_all(story: Story) -> None:
    """Everything that the API shows of it."""
    api = story.api
    for path in (
        *("secrets", "secrets/vault", "secrets/vault/versions/1", "actions"),
        *("actions/charge", "action-invocations", "runs", "webhooks", "integrations"),
        *("triggers", "source-events", "audit-logs", "interactions"),
    ):
        answer = api.get(path)
        assert answer.status_code in (200, 404), path
        story.answers.append(answer)
    for run in Run.objects.filter(project_id__isnull=False):
        story.answers += [api.get(f"runs/{run.id}"), api.get(f"runs/{run.id}/jobs")]
    for delivery in Delivery.objects.filter(purpose="webhook"):
        path = f"webhooks/{delivery.subject_id}/deliveries/{delivery.id}"
        story.answers.append(api.get(path))


def test_no_secret_is_anywhere_it_could_be_read(
    story: Story,
    project: Project,
    spans: Spans,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = Seen()
    caplog.set_level(logging.DEBUG)
    with everything_said_to_redis(seen):
        use_in_actions(story)
        use_in_messages(story, project)
        use_from_outside(story)
        ask_wrongly(story)
        break_on_purpose(story, monkeypatch)
        rotate_and_destroy(story)
        story.post(
            "runs", {"spec": {"name": "w", "steps": [{"name": "a", "action": "b"}]}}
        )
        dispatch_all()
        a_worker_fails(project)
        read_all(story)
        look_into_redis(seen)
    filled = look_into_tables(seen)
    see_answers(seen, story.answers)
    opened = look_at_pages(seen)
    seen.add("log", caplog.text)
    for span in spans.all():
        seen.add("span", span.to_json())

    # The looking finds what is in the open, in columns of text, JSON and bytes ...
    found = seen.places_of(CANARY)
    for place in ("runs_run.metadata", "jobs_job.result", "source_events_sourceevent"):
        assert any(place in one for one in found), place
    for kind in ("answer", "page", "table deliveries_delivery.last_answer"):
        assert any(one.startswith(kind) for one in found), kind
    assert {
        "audit_auditrecord",
        "run_events_runevent",
        "api_idempotencyrecord",
    } <= filled
    assert opened > 20
    assert {"redis messages", "redis keys"} <= {place for place, _ in seen.texts}
    assert "Censored" in caplog.text
    # ... and of the secrets nothing.
    leaks = {
        value: places for value in story.secrets if (places := seen.places_of(value))
    }
    assert leaks == {}
