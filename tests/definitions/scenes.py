"""What tests of definitions share: specs, definitions, and their triggers."""

from typing import Any

from apps.triggers.models import Trigger
from tests.support.api import Api

Body = dict[str, Any]


def step(name: str = "a", **more: Any) -> Body:
    """A step whose action has its own name."""
    return {
        "id": name,
        "kind": "action",
        "config": {"action_name": f"do.{name}"},
    } | more


def keyed(name: str = "a", **more: Any) -> Body:
    """The same, in the words of automations."""
    authored = step(name, **more)
    return {"key": authored.pop("id"), **authored}


def linear(*triggers: Any, steps: list[Body] | None = None, **more: Any) -> Body:
    """A spec of an automation."""
    block = {"triggers": list(triggers)} if triggers else {}
    return {"schema_version": "1", "steps": steps or [keyed()], **block, **more}


def hourly(**more: Any) -> Body:
    """A trigger of the block that is due every hour."""
    return {"kind": "schedule", "config": {"cron": "0 * * * *"}, **more}


def heard(event_type: str = "custom.paid", **more: Any) -> Body:
    """A trigger of the block that hears events."""
    return {"kind": "event", "config": {"event_type": event_type}, **more}


def hook(handle: str = "", **more: Any) -> Body:
    """A trigger of the block with an address."""
    config = {"http_handle": handle} if handle else {}
    return {"kind": "http", "config": config, **more}


def automation(api: Api, handle: str = "nightly", **more: Any) -> Body:
    """A new automation, as the API shows it."""
    made = api.post("automations", {"name": "Nightly", "handle": handle, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def version(api: Api, handle: str, spec: Body | None = None) -> int:
    """The number of a new draft."""
    path = f"automations/{handle}/versions"
    made = api.post(path, {"spec": spec or linear()})
    assert made.status_code == 201, made.json()
    return int(made.json()["version"])


def publish(api: Api, handle: str, number: int) -> Body:
    """The automation after one of its versions was published."""
    answer = api.post(f"automations/{handle}/versions/{number}/publication")
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def published(api: Api, spec: Body | None = None, handle: str = "nightly") -> Body:
    """A new automation that runs."""
    automation(api, handle)
    return publish(api, handle, version(api, handle, spec))


def loop(api: Api, *triggers: Body, **more: Any) -> Body:
    """A new loop, as the API shows it."""
    block = {"triggers": list(triggers)} if triggers else {}
    body = {"name": "Watch", "steps": [step()], **block, **more}
    made = api.post("loops", body)
    assert made.status_code == 201, made.json()
    return dict(made.json())


def change(api: Api, path: str, **changes: Any) -> Body:
    """A definition after a PATCH that goes through."""
    answer = api.patch(path, changes)
    assert answer.status_code == 200, answer.json()
    return dict(answer.json())


def rows_of(definition: Body) -> dict[str, Trigger]:
    """The triggers of a definition by their keys."""
    rows = Trigger.objects.filter(workflow_id=definition["id"])
    return {row.key: row for row in rows}


def problems(answer: Any) -> dict[str, str]:
    """What was wrong with a request, by place."""
    assert answer.status_code == 400, answer.json()
    fields = answer.json()["details"]["fields"]
    return {field["path"]: field["message"] for field in fields}
