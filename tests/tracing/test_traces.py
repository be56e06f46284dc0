"""One trace from the call that starts a run to the message that tells of its end."""

import logging
from datetime import datetime
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from apps.deliveries.models import Delivery
from apps.deliveries.sending import send_due
from apps.jobs.models import Job
from apps.kernel import clock, tracing
from apps.kernel.log_context import JsonFormatter
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.deliveries.receiver import running_receiver
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.remote import HandWorker, Remote
from tests.support.server_actions import claim_actions, perform
from tests.support.specs import ONE_STEP
from tests.support.worker_socket import SocketWorker
from tests.tracing.spans import (
    Spans,
    facts_of,
    links_of,
    place_of,
    trace_of,
    written,
)
from tests.webhooks.scenes import hook

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = f"00-{TRACE}-{CALLER}-01"
START = "POST /v1/projects/<str:project>/runs"
CLAIM = "POST /v1/projects/{project}/jobs/claim"
#: Fields of a claim over HTTP: strict clients refuse any other.
KNOWN_TO_WORKERS = {
    *("job_id", "run_id", "workflow_name", "step_name", "action", "parameters"),
    *("attempt", "queue", "heartbeat_interval_seconds"),
}


def nanoseconds(at: datetime | None) -> int:
    assert at is not None
    return int(at.timestamp()) * 10**9 + at.microsecond * 1000


def test_one_trace_tells_of_a_run_from_its_call_to_the_message_of_its_end(
    remote: Remote, api: Api, spans: Spans, settings: LazySettings
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as receiver:
        hook(api, receiver.url, events=["run.completed"])
        begun = remote.post("runs", {"spec": ONE_STEP}, traceparent=SENT)
        spans.start()  # every stage in a process that knows only what rows say
        dispatch_all()
        spans.start()
        claimed = HandWorker(remote).ask()
        spans.start()
        dispatch_all()
        spans.start()
        HandWorker(remote).complete(claimed.body)
        spans.start()
        dispatch_all()
        spans.start()
        send_due()

    run = Run.objects.get(id=begun.body["id"])
    job = Job.objects.get(run_id=run.id)
    assert (run.status, run.traceparent) == ("completed", written(spans.one(START)))

    of_run = [span for span in spans.all() if trace_of(span) == TRACE]
    told = next(span for span in of_run if span.name == "POST")
    assert spans.path(told) == [
        *("POST", "deliver", "dispatch", "progress run", "dispatch", "job executed"),
        *("progress run", "dispatch", START, CALLER),
    ]
    assert all(spans.path(span)[-1] == CALLER for span in of_run)
    assert receiver.received[0].headers["traceparent"] == written(told)

    executed = spans.one("job executed", job_id=job.id, status="completed")
    queued = spans.one("job queued", job_id=job.id)
    assert (queued.start_time, queued.end_time, executed.start_time) == (
        nanoseconds(job.available_at),
        nanoseconds(job.claimed_at),
        nanoseconds(job.claimed_at),
    )
    assert executed.end_time == nanoseconds(job.finished_at)
    ended = spans.one("run", run_id=run.id, status="completed")
    assert ended.end_time == nanoseconds(run.completed_at)

    # Claim and report are calls of somebody else's trace, linked both ways.
    assert claimed.headers["traceparent"] == written(executed)
    assert set(claimed.body) == KNOWN_TO_WORKERS
    claim = spans.one(CLAIM)
    report = next(span for span in spans.all() if span.name.endswith("/complete"))
    assert TRACE not in (trace_of(claim), trace_of(report))
    assert links_of(claim) == links_of(report) == {place_of(executed)}
    assert links_of(executed) == {place_of(report)}
    assert facts_of(claim)["http.response.status_code"] == 200
    assert facts_of(claim)["mobius.project"] == api.project


def test_a_worker_that_goes_on_with_the_trace_is_in_it(
    remote: Remote, spans: Spans
) -> None:
    remote.post("runs", {"spec": ONE_STEP}, traceparent=SENT)
    dispatch_all()
    claimed = HandWorker(remote).ask()
    fence = {"worker_id": "worker-1", "attempt": 1, "status": "failed"}
    path = f"jobs/{claimed.body['job_id']}/complete"
    failed = {"error_type": "Broken", "error_message": "a secret of ours"}
    place = claimed.headers["traceparent"]

    remote.post(path, {**fence, **failed}, traceparent=place)

    report = next(span for span in spans.all() if span.name.endswith("/complete"))
    assert spans.path(report)[1:3] == ["job executed", "progress run"]
    assert facts_of(spans.one("job executed"))["error.type"] == "Broken"
    assert "a secret of ours" not in "".join(span.to_json() for span in spans.all())


def test_a_worker_on_a_socket_is_linked_and_its_frames_stay_as_they_are(
    remote: Remote, api: Api, spans: Spans
) -> None:
    remote.post("runs", {"spec": ONE_STEP}, traceparent=SENT)
    dispatch_all()
    with SocketWorker.on(remote.base_url, api) as worker:
        worker.register()
        [job] = worker.claim()
        worker.report(job, result={"n": 1})

    executed = spans.one("job executed")
    claimed, reported = spans.one("jobs.claim"), spans.one("job.report")
    assert trace_of(executed) == TRACE
    assert links_of(claimed) == links_of(reported) == {place_of(executed)}
    assert links_of(executed) == {place_of(reported)}
    assert "traceparent" not in str(job)
    upgrade = spans.one("GET /v1/projects/{project}/workers/socket")
    assert facts_of(upgrade)["http.response.status_code"] == 101


def test_an_action_of_the_server_takes_the_trace_along(
    remote: Remote, spans: Spans, settings: LazySettings
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as receiver:
        step = {"name": "ask", "action": "http.request", "action_kind": "server"}
        step["parameters"] = {"url": f"{receiver.url}?token=hidden"}  # type: ignore[assignment]
        body = {"spec": {"name": "one", "steps": [step]}}
        remote.post("runs", body, traceparent=SENT)
        dispatch_all()
        [job] = claim_actions()
        with tracing.within(job.traceparent):
            perform(job)

    asked = spans.one("GET")
    assert receiver.received[0].headers["traceparent"] == written(asked)
    assert spans.path(asked)[1:3] == ["job executed", "progress run"]
    assert spans.path(asked)[-1] == CALLER
    assert "hidden" not in asked.to_json()


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "00-x-y-01",
        SENT.upper(),
        f"{SENT}-more",
        f"ff{SENT[2:]}",
        f"00-{'0' * 32}-{CALLER}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{SENT},{SENT}",
        f"00-{TRACE}-{CALLER}",
    ],
)
def test_a_malformed_traceparent_is_ignored(spans: Spans, sent: str) -> None:
    assert tracing.received(sent) is None
    with tracing.begin("call", parent=tracing.received(sent)):
        pass

    assert spans.one("call").parent is None


def test_who_waits_in_vain_and_who_asks_how_we_are_leaves_no_span(
    remote: Remote, spans: Spans
) -> None:
    assert HandWorker(remote).ask(wait_seconds=0).status == 204
    assert remote.get("/healthz").status == 200
    assert remote.get("runs/none").status == 404

    [missed] = spans.all()
    assert missed.name == "GET /v1/projects/<str:project>/runs/<str:run_id>"
    assert facts_of(missed)["http.response.status_code"] == 404


def test_while_traces_are_off_nothing_is_written(
    remote: Remote, api: Api, settings: LazySettings
) -> None:
    settings.DELIVERY_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with running_receiver() as receiver:
        hook(api, receiver.url, events=["run.completed"])
        remote.post("runs", {"spec": ONE_STEP}, traceparent=SENT)
        dispatch_all()
        claimed = HandWorker(remote).ask()
        HandWorker(remote).complete(claimed.body)
        dispatch_all()
        send_due()

    assert tracing.begin("x") is tracing.NO_SPAN
    assert "traceparent" not in claimed.headers
    assert "traceparent" not in receiver.received[0].headers
    for model in (Run, Job, SourceEvent, Delivery):
        assert model.objects.exists()
        assert not model.objects.exclude(traceparent=None).exists()


def test_what_is_rolled_back_leaves_no_span_but_the_failure(
    remote: Remote, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("hunter2")

    remote.post("runs", {"spec": ONE_STEP}, traceparent=SENT)
    with monkeypatch.context() as patched:
        patched.setattr("apps.runs.services.progress.store.save_runs", broken)
        dispatch_all(clock.now())

    failure = spans.one("dispatch")
    assert facts_of(failure)["error.type"] == "RuntimeError"
    assert spans.named("progress run") == []
    assert "hunter2" not in failure.to_json()


def test_a_line_of_the_log_names_its_trace(spans: Spans) -> None:
    line = logging.LogRecord("x", logging.INFO, "", 0, "said", None, None)
    with tracing.begin("call", parent=SENT) as span:
        inside = JsonFormatter().format(line)
    outside = JsonFormatter().format(line)

    assert span.traceparent is not None
    span_id = span.traceparent.split("-")[2]
    assert f'"trace_id": "{TRACE}", "span_id": "{span_id}"' in inside
    assert "trace_id" not in outside
