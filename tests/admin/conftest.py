"""A project in which a bit of everything has happened, and people who look at it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from apps.deliveries.models import Trouble
from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.models import Listener, SourceEvent
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.factories import make_api, make_principal, make_project
from tests.support.server_actions import run_step
from tests.support.shared_rows import Once
from tests.support.specs import NO_RETRY, action, spec

MESSAGE = "the file was not there"


@dataclass
class World:
    """Ids of runs by how they stand, the job in a worker's hands, a failing event."""

    completed: str
    failed: str
    paused: str
    asking: str
    held_job: str
    held_run: str
    failing_event: str


def page_of(model: Any, pk: Any, page: str = "change") -> str:
    """The address of a row's page or button."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[pk])


def list_of(model: Any, **query: Any) -> str:
    """The address of a list."""
    meta = model._meta
    return reverse(
        f"admin:{meta.app_label}_{meta.model_name}_changelist", query=query or None
    )


def start(api: Api, body: dict[str, Any], **more: Any) -> str:
    """Start a run and dispatch; return its id."""
    answer = api.post("runs", {"spec": body, **more})
    assert answer.status_code == 202, answer.json()
    dispatch_all()
    run_id: str = answer.json()["id"]
    return run_id


def report(api: Api, project: Project, **body: Any) -> None:
    """Claim the next job and report on it."""
    job = claim(project.id)
    assert job is not None
    answer = api.post(
        f"jobs/{job['job_id']}/complete",
        {"worker_id": "w1", "attempt": job["attempt"], **body},
    )
    assert answer.status_code == 204, answer.content
    dispatch_all()


def people_and_post(api: Api, member: str) -> None:
    """A group with a member, a secret, and a mail about an answered question."""
    made = api.post("groups", {"name": "Finance"})
    api.post(f"groups/{made.json()['id']}/members", {"user_id": member})
    secret = {"name": "partner", "values": {"token": "t-1"}}
    assert api.post("secrets", secret).status_code == 201
    mail = {"kind": "email", "email": {"to": ["rita@example.com"]}}
    asked = api.post(
        "interactions",
        {
            "type": "approval",
            "message": "Pay the invoice?",
            "target_actor": {"type": "member", "id": member},
            "delivery": {"channels": [mail]},
        },
    )
    answered = api.post(f"interactions/{asked.json()['id']}/respond", {"value": True})
    assert answered.status_code == 200, answered.json()


def trigger_and_fire(api: Api, workflow_id: str) -> None:
    """A trigger that skips what it has no time for, and one such fire."""
    trigger = {
        "name": "nightly",
        "kind": "manual",
        "targets": [{"workflow_id": workflow_id, "condition": "false"}],
    }
    made = api.post("triggers", trigger)
    assert made.status_code == 201, made.json()
    fired = api.post(f"triggers/{made.json()['id']}/fire")
    assert fired.json()["status"] == "skipped"


def act(api: Api) -> None:
    """An action of the project's own, and a step that the server ran."""
    body = {"name": "charge", "endpoint_url": "https://example.com/charge"}
    assert api.post("actions", body).status_code == 201
    run_step(api, "random")


def talk(api: Api) -> None:
    """An agent, and something said to it."""
    agent = api.post("agents", {"name": "helper", "tags": {"team": "a"}})
    assert agent.status_code == 201, agent.json()
    session = api.post("sessions", {"agent_id": agent.json()["id"]}).json()
    said = {"messages": [{"role": "user", "content": "Hello"}]}
    answer = api.post(f"sessions/{session['id']}/messages", said)
    assert answer.status_code == 200, answer.json()


def make_world(api: Api, project: Project) -> World:
    """One run of every kind, made through the API and the dispatcher."""
    workflow = api.post("workflows", {"name": "Ingest", "spec": spec(action("parse"))})
    assert workflow.status_code == 201
    trigger_and_fire(api, workflow.json()["id"])
    rita = make_principal(project, role="Viewer", kind="human", name="rita")
    hook = {"name": "code", "provider": "github", "secret": "webhook-1"}
    assert api.post("integrations", hook).status_code == 201
    listener = {"name": "ends", "url": "https://example.com/", "events": ["run.*"]}
    made = api.post("webhooks", listener)
    assert made.status_code == 201
    question = {
        "type": "approval",
        "message": "Approve the refund?",
        "target": {"type": "user", "id": rita.id},
        "timeout": "24h",
    }
    completed = start(api, spec(action("parse")), inputs={"doc": "ünïcode.pdf"})
    report(api, project, status="completed", result_b64=b64({"pages": 3}))
    failed = start(api, spec(action("fetch", retry=NO_RETRY)))
    report(api, project, status="failed", error_type="io", error_message=MESSAGE)
    paused = start(api, spec({"name": "hold", "pause": {"reason": "look"}}))
    api.post(f"runs/{paused}/signals", {"name": "hurry", "payload": {"now": True}})
    asking = start(api, spec({"name": "ask", "interaction": question}))
    held_run = start(api, spec(action("slow")))
    held = claim(project.id)
    assert held is not None
    people_and_post(api, rita.id)
    act(api)
    talk(api)
    once = {"Idempotency-Key": "order-1"}
    api.post("runs", {"spec": spec(action("later"))}, **once)
    now = clock.now()
    Trouble.objects.create(
        project_id=project.id,
        lane=made.json()["id"],
        failures=3,
        since=now,
        updated_at=now,
    )
    failing = SourceEvent.objects.create(
        project_id=project.id,
        event_type="run.resume",
        source_kind="run",
        created_at=now,
        due_at=now,
        failures=3,
        last_error="no such handler",
    )
    Listener.objects.create(
        project_id=project.id, pattern="custom.*", source="trigger", ref="trg_01"
    )
    return World(
        completed, failed, paused, asking, held["job_id"], held_run, failing.id
    )


@pytest.fixture(autouse=True)
def undone(db: None) -> None:
    """What a test does to the world of its module is undone."""


@pytest.fixture(scope="module")
def project(once: Once) -> Project:
    """A project for all tests of a module."""
    return once(lambda: make_project("acme"))


@pytest.fixture(scope="module")
def api(once: Once, project: Project) -> Api:
    """A client with an Admin key in ``project``."""
    return once(lambda: make_api(project, role="Admin"))


@pytest.fixture(scope="module")
def world(once: Once, api: Api, project: Project) -> World:
    """A bit of everything in ``project``; made once, the same for every test."""
    return once(lambda: make_world(api, project))


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may do everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """People with exactly the permissions that are named, such as ``view_run``."""

    def make(*permissions: str) -> Client:
        account = User.objects.create_user("staff", is_staff=True)
        account.user_permissions.set(
            Permission.objects.filter(codename__in=permissions)
        )
        client = Client()
        client.force_login(account)
        return client

    return make
