"""Triggers and waits, authored in every place in which they can be."""

from collections.abc import Callable
from typing import Any, Final

from tests.contract.happenings import ok
from tests.support.api import Api
from tests.support.specs import ONE_STEP, spec


def trigger_on(api: Api, event_type: str) -> Any:
    """Ask for a trigger that hears this type, and starts a workflow."""
    name = f"on {event_type}"
    workflow = ok(api.post("workflows", {"name": name, "spec": ONE_STEP}), 201)
    return api.post(
        "triggers",
        {
            "name": name,
            "kind": "event",
            "source_config": {"event_type": event_type},
            "targets": [{"workflow_id": workflow["id"]}],
        },
    )


def ask_for(
    api: Api,
    dialect: str,
    *,
    trigger: dict[str, Any] | None = None,
    step: dict[str, Any] | None = None,
) -> Any:
    """Ask for an automation's version, or a loop, with this trigger or this step."""
    done = {"kind": "action", "config": {"action_name": "do.x"}}
    block = {"triggers": [{"kind": "event", "config": trigger}]} if trigger else {}
    authored = {"steps": [{"id": "heard", **(step or done)}], **block}
    if dialect == "loop":
        said = trigger or (step or done)["config"]
        return api.post("loops", {"name": f"hears {said}", **authored})
    api.post("automations", {"name": "heard", "handle": "heard"})
    authored["steps"] = [{"key": "heard", **(step or done)}]
    return api.post("automations/heard/versions", {"spec": authored})


def define(api: Api, dialect: str, **what: Any) -> str:
    """The id of a definition that runs."""
    made = ok(ask_for(api, dialect, **what), 201)
    if dialect == "automation":
        made = ok(api.post("automations/heard/versions/1/publication"), 200)
    return str(made["id"])


def wait_for(event_type: str) -> dict[str, Any]:
    """A step of a workflow that waits for events of a type."""
    return {"name": "heard", "wait_for_event": {"event_type": event_type}}


def _block(dialect: str) -> Callable[[Api, str], Any]:
    return lambda api, type_: ask_for(api, dialect, trigger={"event_type": type_})


def _step(dialect: str) -> Callable[[Api, str], Any]:
    def ask(api: Api, event_type: str) -> Any:
        config = {"event_type": event_type}
        return ask_for(api, dialect, step={"kind": "wait_for_event", "config": config})

    return ask


def _workflow(api: Api, event_type: str) -> Any:
    body = {"name": f"waits {event_type}", "spec": spec(wait_for(event_type))}
    return api.post("workflows", body)


def _inline(api: Api, event_type: str) -> Any:
    return api.post("runs", {"spec": spec(wait_for(event_type))})


#: Where triggers are authored, and where waits are.
TRIGGER_PLACES: Final[dict[str, Callable[[Api, str], Any]]] = {
    "trigger": trigger_on,
    "automation's triggers": _block("automation"),
    "loop's triggers": _block("loop"),
}
WAIT_PLACES: Final[dict[str, Callable[[Api, str], Any]]] = {
    "workflow": _workflow,
    "run": _inline,
    "automation": _step("automation"),
    "loop": _step("loop"),
}
