"""Projects that hold one object of each kind, and keys that open nothing."""

from dataclasses import dataclass
from typing import Any

from apps.actions.builtin import BUILTINS
from apps.actions.catalog import Entry
from apps.actions.services.invoke import invoke_action
from apps.deliveries.models import Delivery
from apps.identity.models import ApiKey, Project, RoleAssignment
from apps.kernel import clock
from apps.webhooks.models import Webhook
from tests.contract.permission_table import Rule
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_api, make_key, make_principal, make_project
from tests.support.specs import ONE_STEP

PREFIX = "/v1/projects/{project}"


@dataclass(frozen=True)
class World:
    """A project with one object of each kind; ``ids`` by path parameter."""

    project: Project
    ids: dict[str, str]

    def path(self, template: str, ids: dict[str, str] | None = None) -> str:
        """The path with this project's handle and these objects (its own)."""
        filled = (PREFIX + template).replace("{project}", self.project.handle)
        return filled.format_map(self.ids if ids is None else ids)

    def body(self, rule: Rule) -> Any:
        """The rule's body with ids of this project."""
        return self._filled(rule.body)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        is_id = isinstance(value, str) and value.startswith("$")
        return self.ids[value[1:]] if is_id else value

    def key(self, *permissions: Any) -> str:
        """A key of a new principal that holds exactly these permissions."""
        return make_api_with(self.project, *permissions).key


def _question_for(user_id: str, name: str) -> dict[str, Any]:
    target = {"type": "user", "id": user_id}
    return {"type": "approval", "message": f"Is {name} good?", "target": target}


def make_world(handle: str, *, project: Project | None = None, name: str = "") -> World:
    """Make a project and what it holds, through the API where it can be. Everything
    is called ``name``, or like the project."""
    project = project or make_project(handle)
    name = name or handle
    api = make_api(project, role="Admin")
    workflow = api.post("workflows", {"name": name, "spec": ONE_STEP}).json()
    started = {"definition_id": workflow["id"], "metadata": {"of": name}}
    run = api.post("runs", started).json()
    dispatch_all()
    job = claim(project.id) or {}
    role = make_role(project, name="Unassigned")
    asked = make_principal(project, role="Operator")
    weak = make_principal(project)
    member = make_principal(project, kind="human")
    outsider = make_principal(project, kind="human")
    group = api.post("groups", {"name": name}).json()
    api.post(f"groups/{group['id']}/members", {"user_id": member.id})
    made = api.post("interactions", _question_for(asked.id, name))
    assert made.status_code == 201, made.json()
    secret = api.post("secrets", {"name": name, "values": {"k": name}})
    assert secret.status_code == 201, secret.json()
    webhook = listen(api, name)
    event = api.post(
        "source-events", {"event_type": "custom.made", "event": {"of": name}}
    )
    assert event.status_code == 202, event.json()
    dispatch_all()
    targets = [{"workflow_id": workflow["id"]}]
    trigger = {"name": name, "kind": "manual", "targets": targets}
    set_up = api.post("triggers", trigger)
    assert set_up.status_code == 201, set_up.json()
    ids = {
        **_definitions(api, name),
        **_action(api, name),
        **_session(api, name),
        "integration": connect(api, name),
        "webhook": webhook,
        "delivery_id": Delivery.objects.get(subject_id=webhook).id,
        "trigger": set_up.json()["id"],
        "event_id": event.json()["source_event_id"],
        "secret": secret.json()["id"],
        "workflow": workflow["id"],
        "number": "1",
        "run_id": run["id"],
        "run": run["id"],
        "job_id": job["job_id"],
        "principal_id": asked.id,
        "weak_principal_id": weak.id,
        "account_id": weak.id,
        "role_id": role.id,
        "group": group["id"],
        "user_id": member.id,
        "outsider_id": outsider.id,
        "key_id": ApiKey.objects.get(principal__project=project).id,
        "assignment_id": RoleAssignment.objects.get(principal=asked).id,
        "interaction_id": made.json()["id"],
    }
    return World(project, ids)


def _definitions(api: Api, name: str) -> dict[str, str]:
    """A loop, and an automation; both run."""
    automation = api.post("automations", {"name": name, "handle": f"{name}-daily"})
    assert automation.status_code == 201, automation.json()
    steps = [{"id": "a", "kind": "action", "config": {"action_name": "b"}}]
    versions = f"automations/{name}-daily/versions"
    assert api.post(versions, {"spec": {"steps": steps}}).status_code == 201
    assert api.post(f"{versions}/1/publication").status_code == 200
    loop = api.post("loops", {"name": name, "steps": steps})
    assert loop.status_code == 201, loop.json()
    return {"automation": automation.json()["id"], "loop": loop.json()["id"]}


def _action(api: Api, name: str) -> dict[str, str]:
    """An action of the project's own, and a call of another one."""
    body = {"name": name, "endpoint_url": "https://example.com/do"}
    made = api.post("actions", body)
    assert made.status_code == 201, made.json()
    call = invoke_action(
        Project.objects.get(handle=api.project).id,
        Entry("random", builtin=BUILTINS["random"]),
        {},
        timeout_seconds=30,
        actor_id="",
        actor_type="system",
        now=clock.now(),
    )
    return {"name": name, "invocation_id": call.id}


def _session(api: Api, name: str) -> dict[str, str]:
    """An agent, and a session with it."""
    agent = api.post("agents", {"name": name})
    assert agent.status_code == 201, agent.json()
    session = api.post("sessions", {"agent_id": agent.json()["id"]})
    assert session.status_code == 200, session.json()
    said = {"messages": [{"role": "user", "content": f"Hello, {name}"}]}
    answer = api.post(f"sessions/{session.json()['id']}/messages", said)
    assert answer.status_code == 200, answer.json()
    return {"agent": agent.json()["id"], "session": session.json()["id"]}


def connect(api: Api, name: str) -> str:
    """The id of a new integration."""
    body = {"name": name, "provider": "linear", "secret": "webhook-1"}
    made = api.post("integrations", body)
    assert made.status_code == 201, made.json()
    return str(made.json()["id"])


def listen(api: Api, name: str) -> str:
    """The id of a new webhook, whose address nothing is sent to."""
    made = api.post("webhooks", {"name": name, "url": "https://example.com/"})
    assert made.status_code == 201, made.json()
    webhook = str(made.json()["id"])
    Webhook.objects.filter(id=webhook).update(url="http://127.0.0.1/")
    return webhook


def bad_keys(world: World) -> dict[str, str]:
    """Keys that open nothing, by what is wrong with them."""
    holder, disabled = (make_principal(world.project, role="Admin") for _ in range(2))
    revoked = make_key(holder)
    ApiKey.objects.filter(principal=holder).update(revoked_at=clock.now())
    of_disabled = make_key(disabled)
    disabled.disabled = True
    disabled.save()
    return {
        "missing": "",
        "garbage": "mbx_nobody",
        "unknown": "mbx_" + "x" * 43,
        "revoked": revoked,
        "expired": make_key(holder, expires_at=clock.now()),
        "disabled": of_disabled,
    }
