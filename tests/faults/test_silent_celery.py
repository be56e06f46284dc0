"""A beat or a worker that is dead is noticed before anything is late.

Real processes are stopped with SIGSTOP: they are there, and do nothing.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from mobius.local.environment import ROOT
from tests.support.remote import Remote
from tests.support.specs import spec
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]
SILENT_SECONDS_MAX = 30
TOKEN = "prometheus-reads-this"


@pytest.fixture(scope="module")
def logging_stack() -> Iterator[Stack]:
    """A running system that logs JSON and counts."""
    chosen = {"MOBIUS_LOG_FORMAT": "json", "MOBIUS_METRICS_TOKEN": TOKEN}
    stack = Stack(settings=chosen)
    stack.start()
    stack.wait_running("web")
    yield stack
    stack.stop()


def health(stack: Stack) -> dict[str, Any]:
    """What readiness says, with the checks by name."""
    body = Remote(stack.base_url).get("/readyz").body
    return {**body, **{check["name"]: check for check in body["checks"]}}


def doctor(stack: Stack) -> tuple[int, list[str]]:
    """The exit code, and the problems."""
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=ROOT,
        env=stack.environment,
        check=False,
        capture_output=True,
        text=True,
    )
    findings = json.loads(done.stdout)["findings"]
    problems = [f["message"] for f in findings if f["level"] == "problem"]
    return done.returncode, problems


@pytest.mark.parametrize("part", ["beat", "worker"])
def test_a_dead_part_of_celery_is_named_before_the_outbox_is_late(
    logging_stack: Stack, part: str
) -> None:
    stack = logging_stack
    wait_until(lambda: health(stack)["status"] == "ready", seconds=30)
    pid = stack.pid(part)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(
            lambda: health(stack)["status"] == "degraded", seconds=SILENT_SECONDS_MAX
        )
        said = health(stack)
        assert said["celery"]["error"].startswith(f"{part}: last sign of life")
        assert said["dispatcher"]["ok"] is True
        strict = Remote(stack.base_url).get("/readyz?strict").status
        code, problems = doctor(stack)
    finally:
        os.kill(pid, signal.SIGCONT)

    assert strict == 503
    assert code == 1
    assert any(one.startswith(f"{part}: last sign of life") for one in problems)
    wait_until(lambda: health(stack)["status"] == "ready", seconds=30)


def test_figures_of_all_processes_are_read_from_one(logging_stack: Stack) -> None:
    stack = logging_stack
    remote = stack.remote()
    pause = spec({"name": "p", "sleep": {"duration": "1s"}})
    started = remote.post("runs", {"spec": pause})
    assert started.status == 202

    def figures() -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.get(f"{stack.base_url}/metrics", headers=headers).text

    # The start is counted by web, the rest by the worker's processes.
    ended = 'mobius_runs_ended_total{status="completed",stop_reason="completed"} 1.0'
    wait_until(lambda: ended in figures(), seconds=20)
    text = figures()
    assert 'mobius_runs_started_total{dialect="workflow",by="caller"} 1.0' in text
    assert 'mobius_tasks_total{task="dispatch.drain",outcome="done"}' in text
    assert 'mobius_up{part="beat"} 1.0' in text


_BROKEN = """
INSERT INTO source_events_sourceevent
    (id, project_id, event_type, source_kind, source_id, run_id, event, meta,
     created_at, due_at, failures, last_error)
SELECT 'sevt_broken', project_id, 'job.claimed', 'job', 'job_x', id, '{}', '{}',
       now(), now(), 0, ''
FROM runs_run LIMIT 1 RETURNING run_id
"""


def entries(stack: Stack, name: str) -> list[dict[str, Any]]:
    """What a process has logged. Celery prints a banner besides, which is no entry."""
    lines = (stack.root / "data" / "logs" / f"{name}.log").read_text().splitlines()
    assert [
        line for line in lines if re.match(r"[0-9-]{10} [0-9:,]+ [A-Z]+ ", line)
    ] == []
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_what_fails_in_a_worker_is_logged_with_its_run(logging_stack: Stack) -> None:
    stack = logging_stack
    stack.remote().start(spec({"name": "p", "pause": {}}))
    with psycopg.connect(stack.database_url) as connection:
        found = connection.execute(_BROKEN).fetchone()
    assert found is not None

    def failures() -> list[dict[str, Any]]:
        return [e for e in entries(stack, "worker") if e.get("event_id")]

    wait_until(failures, seconds=20)
    entry = failures()[0]
    assert (entry["event_id"], entry["run_id"]) == ("sevt_broken", found[0])
    assert (entry["level"], entry["task"]) == ("ERROR", "dispatch.drain")
    assert entry["error"].startswith("Traceback")


def test_the_web_server_logs_nothing_but_json(logging_stack: Stack) -> None:
    stack = logging_stack
    stack.kill("web", signal.SIGTERM)
    wait_until(lambda: stack.wait_running("web"))

    lines = (stack.root / "data" / "logs" / "web.log").read_text().splitlines()

    assert any(entry["logger"] == "uvicorn.error" for entry in entries(stack, "web"))
    assert [line for line in lines if line and not line.startswith("{")] == []
