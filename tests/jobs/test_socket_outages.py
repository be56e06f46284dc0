"""Half a minute without a network: every report counts once, whoever sends it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as conf

from apps.identity.models import Project
from apps.jobs.models import Job, Worker
from apps.jobs.services.rescue import rescue_jobs
from apps.kernel import clock
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.support.api import Api
from tests.support.drive import dispatch_all, start_run
from tests.support.published_worker import PublishedWorker
from tests.support.remote import Remote
from tests.support.specs import spec
from tests.support.stalling_proxy import StallingProxy, stalling_proxy
from tests.support.waiting import wait_until
from tests.support.worker_socket import SocketWorker

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]

OUTAGE = timedelta(seconds=30)
EAGER = [{"max_retries": 5, "base_delay": "0s"}]
Hire = Callable[[str], PublishedWorker]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], datetime]:
    """Move the server's clock, which goes on; returns the instant it is then."""
    real, ahead = clock.now, [timedelta(0)]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def move(by: timedelta) -> datetime:
        ahead[0] += by
        return clock.now()

    return move


@pytest.fixture
def network(url: str) -> Iterator[StallingProxy]:
    """The network before the server."""
    with stalling_proxy(url) as proxy:
        yield proxy


@pytest.fixture
def hire(network: StallingProxy, api: Api, project: Project) -> Iterator[Hire]:
    """Run published workers behind it until the test ends."""
    running: list[PublishedWorker] = []

    def run(version: str) -> PublishedWorker:
        remote = Remote(network.url, api.key, project.handle)
        worker = PublishedWorker(version, remote, worker_instance_id="w1")
        running.append(worker)
        return worker

    yield run
    for worker in running:
        worker.close()


def reported() -> int:
    """How many reports of an end counted."""
    kind = "loop.run_allocation.completed"
    return SourceEvent.objects.filter(event_type=kind).count()


def hold(until: Path) -> object:
    step = {"name": "a", "action": "hold", "parameters": {"until": str(until)}}
    return spec({**step, "retry": EAGER})


def connected() -> bool:
    return Worker.objects.exclude(connection_id="").exists()


def completed(run_id: str) -> bool:
    dispatch_all()
    return Run.objects.get(id=run_id).status == "completed"


def test_the_lease_is_longer_than_the_outage() -> None:
    assert conf.LEASE > OUTAGE


@pytest.mark.parametrize("version", ["0.0.28", "0.0.61"])
def test_reports_of_a_published_worker_count_once(
    network: StallingProxy,
    api: Api,
    hire: Hire,
    later: Callable[[timedelta], datetime],
    tmp_path: Path,
    version: str,
) -> None:
    worker = hire(version)
    kept = start_run(api, hold(tmp_path / "one"))
    worker.expect("holding")

    # The network keeps what is sent: the report arrives half a minute late.
    network.stall()
    (tmp_path / "one").touch()
    worker.expect("held")
    assert rescue_jobs(now=later(OUTAGE)) == 0
    assert reported() == 0
    network.flow()
    wait_until(lambda: completed(kept))
    assert reported() == Job.objects.get().attempt == 1

    # The network breaks, and the report with it: published Python workers do not send
    # it again over another connection. The next attempt makes up for it.
    lost = start_run(api, hold(tmp_path / "two"))
    worker.expect("holding")
    network.lose()
    (tmp_path / "two").touch()
    wait_until(lambda: not connected())
    assert rescue_jobs(now=later(OUTAGE)) == 0
    network.flow()
    wait_until(connected)
    assert rescue_jobs(now=later(conf.LEASE)) == 1
    wait_until(lambda: completed(lost), seconds=30)

    assert reported() == 2
    attempts = Job.objects.filter(run_id=lost).values_list("attempt", "status")
    assert set(attempts) == {(1, "lost"), (2, "completed")}


def test_jobs_in_hand_survive_and_are_reported_once_over_the_next_socket(
    url: str, network: StallingProxy, api: Api, later: Callable[[timedelta], datetime]
) -> None:
    for _ in range(3):
        start_run(api)
    with SocketWorker.on(network.url, api) as worker:
        worker.register(concurrency_limit=3)
        jobs = worker.claim(3)
        network.lose()
        assert worker.closed_with() == 1006
    assert rescue_jobs(now=later(OUTAGE)) == 0
    network.flow()

    with SocketWorker.on(network.url, api) as again:
        again.token = worker.token
        assert again.register()["worker_session_token"] == worker.token
        for job in jobs:
            again.beat(job)
            again.expect("job.heartbeat.ack", job_id=job["id"])
        acks = [again.report(job) for job in jobs for _ in range(2)]
    assert ["duplicate" in ack for ack in acks] == [False, True] * 3
    assert rescue_jobs(now=later(conf.LEASE)) == 0
    dispatch_all()
    assert reported() == 3
    assert set(Run.objects.values_list("status", flat=True)) == {"completed"}
