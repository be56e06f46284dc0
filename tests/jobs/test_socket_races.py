"""Several of them want the same job, the same name, the same report at once."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from websockets.asyncio.client import connect

from apps.identity.models import Project
from apps.jobs.models import Job, Worker
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.races.test_races import at_once
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all, start_run
from tests.support.specs import ONE_STEP
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 8
MANY = 100


def test_of_the_same_report_sent_twice_at_once_one_counts(
    url: str, api: Api, worker: SocketWorker
) -> None:
    for _ in range(ROUNDS):
        start_run(api)
        (job,) = worker.claim()
        with SocketWorker.on(url, api) as other:
            other.register("w2")

            first, second = at_once(
                partial(worker.report, job, result={"n": 1}),
                partial(other.report, job, result={"n": 1}),
            )

        acks = [first, second]
        assert all(isinstance(ack, dict) for ack in acks), acks
        assert sum("duplicate" in ack for ack in acks if isinstance(ack, dict)) == 1
    told = SourceEvent.objects.filter(event_type="loop.run_allocation.completed")
    assert told.count() == ROUNDS
    dispatch_all()
    assert set(Run.objects.values_list("status", flat=True)) == {"completed"}


def test_a_job_goes_to_one_of_http_and_socket(
    project: Project, api: Api, worker: SocketWorker
) -> None:
    for round_ in range(ROUNDS):
        start_run(api)
        sent = f"claim-{round_}"

        got, _ = at_once(
            partial(claim, project.id, "over-http"),
            partial(worker.send, "jobs.claim", message_id=sent, available_slots=1),
        )

        # The claim of the socket may still be under way, and have locked the job.
        wait_until(lambda: Job.objects.filter(status="claimed").exists())
        job = Job.objects.get(status="claimed")
        if isinstance(got, dict):
            # The socket's claim is still open: it gets the next one.
            assert (job.worker_id, job.lease_token) == ("over-http", "")
            start_run(api)
        (mine,) = worker.expect("jobs.claimed", message_id=sent)["jobs"]
        assert "duplicate" not in worker.report(mine)
        Job.objects.filter(status="claimed").update(status="failed")


def test_a_reconnect_against_the_claim_of_the_old_socket(url: str, api: Api) -> None:
    """Whoever comes first: no job is claimed for a socket that nobody reads."""
    for _ in range(ROUNDS):
        with SocketWorker.on(url, api) as old, SocketWorker.on(url, api) as new:
            old.register()
            new.token = old.token
            start_run(api)

            at_once(
                partial(old.send, "jobs.claim", available_slots=1),
                partial(new.register),
            )

            old.closed_with()
            kept = [f for f in old.read() if f["type"] == "jobs.claimed" and f["jobs"]]
            if kept:
                # It was answered before it was replaced: the worker has the job.
                (job,) = kept[0]["jobs"]
            else:
                (job,) = new.claim()
            assert "duplicate" not in new.report(job)
        wait_until(lambda: Worker.objects.get().connection_id == "")


def test_of_many_that_take_one_name_at_once_one_has_it(url: str, api: Api) -> None:
    def take() -> str:
        with SocketWorker.on(url, api) as worker:
            worker.send("worker.register", worker_instance_id="same")
            frame = json.loads(worker.connection.recv(timeout=15))
            together.wait()
            return str(frame["type"])

    together = Barrier(6)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: take(), range(6)))

    assert sorted(answers) == ["error"] * 5 + ["worker.registered"]


def test_many_workers_on_one_server_share_the_work(url: str, api: Api) -> None:
    """As many jobs as workers, all idle: each gets one, each job goes to one."""
    done = asyncio.run(_work_through(url, api, lambda: start_many(api)))

    assert len(done) == len(set(done)) == MANY
    assert Job.objects.filter(status="completed").count() == MANY


def start_many(api: Api) -> None:
    for _ in range(MANY):
        assert api.post("runs", {"spec": ONE_STEP}).status_code == 202
    dispatch_all()


async def _work_through(url: str, api: Api, begin: Callable[[], None]) -> list[str]:
    done: list[str] = []
    ready = asyncio.Semaphore(0)
    path = f"{url.replace('http', 'ws', 1)}/v1/projects/{api.project}/workers/socket"
    headers = {"Authorization": f"Bearer {api.key}"}

    async def work(number: int) -> None:
        async with connect(path, additional_headers=headers) as socket:
            await socket.send(
                json.dumps(
                    {"type": "worker.register", "worker_instance_id": f"w{number}"}
                )
            )
            async for raw in socket:
                frame: dict[str, Any] = json.loads(raw)
                if frame["type"] in ("worker.registered", "work.available"):
                    await socket.send('{"type": "jobs.claim", "available_slots": 1}')
                    ready.release()
                for job in frame.get("jobs", ()):
                    done.append(job["id"])
                    report = {"job_id": job["id"], "lease_token": job["lease_token"]}
                    await socket.send(json.dumps({"type": "job.report", **report}))
                if frame["type"] == "job.report.ack":
                    return

    workers = [asyncio.create_task(work(number)) for number in range(MANY)]
    for _ in range(MANY):
        await ready.acquire()
    await asyncio.to_thread(at_once, begin)
    async with asyncio.timeout(60):
        await asyncio.gather(*workers)
    return done
