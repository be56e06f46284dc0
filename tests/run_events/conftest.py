"""Runs with timelines, and a server that streams them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.run_events.models import RunStream
from apps.run_events.services.append import Entry, append_run_events
from apps.runs.models import Run
from tests.support.factories import make_key, make_principal, make_project
from tests.support.server import running_server
from tests.support.sse import EventStream

FINAL = {"run.completed": "completed", "run.failed": "failed"}


@dataclass
class Timeline:
    """A run whose lines a test writes by hand."""

    run: Run

    def add(self, *types: str, status: str = "running", **payload: object) -> None:
        """Append lines of these types in one transaction, with the run's status."""
        for type_ in types:
            status = FINAL.get(type_, status)
        self.set_status(status)
        append_run_events(
            [
                Entry(self.run.id, self.run.project_id, type_, payload, status)
                for type_ in types
            ],
            now=clock.now(),
        )

    def add_from_worker(self, type_: str, **payload: object) -> None:
        """Append a worker's own event."""
        run = self.run
        append_run_events(
            [Entry(run.id, run.project_id, type_, payload, "running", True)],
            now=clock.now(),
        )

    def set_status(self, status: str) -> None:
        """Change the run's row."""
        now = clock.now()
        final = status in ("completed", "failed", "cancelled")
        Run.objects.filter(id=self.run.id).update(
            status=status, updated_at=now, completed_at=now if final else None
        )


def make_timeline(project: Project) -> Timeline:
    """A queued run without lines."""
    now = clock.now()
    run = Run.objects.create(
        project_id=project.id,
        workflow_name="ingest",
        spec_digest="0" * 64,
        created_at=now,
        updated_at=now,
    )
    RunStream.objects.create(run_id=run.id, project_id=project.id)
    return Timeline(run)


@pytest.fixture
def home(transactional_db: None) -> Project:
    """A project whose rows are really committed."""
    return make_project("acme")


@pytest.fixture
def key(home: Project) -> str:
    """A key that may watch runs."""
    return make_key(make_principal(home, role="Viewer"))


@pytest.fixture
def timeline(home: Project) -> Timeline:
    """A run of the project."""
    return make_timeline(home)


@pytest.fixture
def server(transactional_db: None) -> Iterator[str]:
    """The base URL of a running web process."""
    with running_server() as url:
        yield url


Watch = Callable[..., EventStream]


@pytest.fixture
def watch(server: str, key: str, timeline: Timeline) -> Iterator[Watch]:
    """Open a stream of the run; closed when the test ends."""
    opened: list[EventStream] = []

    def open_stream(path: str = "", **options: object) -> EventStream:
        run_path = path or f"runs/{timeline.run.id}/events"
        url = f"{server}/v1/projects/acme/{run_path}"
        stream = EventStream(url, key, **options)  # type: ignore[arg-type]
        opened.append(stream)
        return stream

    yield open_stream
    for stream in opened:
        stream.close()
