"""What tests of triggers share: workflows, triggers, and what became of them."""

from typing import Any

from apps.runs.models import Run
from apps.source_events.services.append import Fact, append_source_event
from apps.triggers.models import Trigger, TriggerFire
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import ONE_STEP

Body = dict[str, Any]


def workflow(api: Api, name: str = "build", authored: Body | None = None) -> str:
    """The id of a new workflow."""
    made = api.post("workflows", {"name": name, "spec": authored or ONE_STEP})
    assert made.status_code == 201, made.json()
    return str(made.json()["id"])


def create(api: Api, kind: str = "manual", **more: Any) -> Body:
    """A trigger as the API shows it; it starts ``targets`` or a workflow of its own."""
    name = more.pop("name", kind)
    if "targets" not in more:
        target = more.pop("target", {})
        more["targets"] = [{"workflow_id": workflow(api, f"w {name}"), **target}]
    made = api.post("triggers", {"name": name, "kind": kind, **more})
    assert made.status_code == 201, made.json()
    return dict(made.json())


def on_event(api: Api, event_type: str, **more: Any) -> Body:
    """An event trigger; ``condition`` and ``source_id`` go to its source."""
    config = {"event_type": event_type}
    for name in ("condition", "source_id"):
        if name in more:
            config[name] = more.pop(name)
    return create(api, "event", source_config=config, **more)


def happen(project_id: str, event_type: str, now: Any, **more: Any) -> str:
    """An event of the project, dispatched; returns its id."""
    fact = Fact(project_id, event_type, source_kind="custom", settled=None, **more)
    event_id = append_source_event(fact, now=now)
    dispatch_all(now)
    return event_id


def runs_of(trigger: Body) -> list[Run]:
    """The runs of a trigger, the oldest first."""
    return list(Run.objects.filter(trigger_id=trigger["id"]).order_by("id"))


def fires_of(trigger: Body) -> list[TriggerFire]:
    """The fires of a trigger, the oldest first."""
    rows = TriggerFire.objects.filter(trigger_id=trigger["id"])
    return list(rows.order_by("fired_at", "id"))


def statuses(trigger: Body) -> list[str]:
    """What became of the fires, the oldest first."""
    return [fire.status for fire in fires_of(trigger)]


def row(trigger: Body) -> Trigger:
    """The row as it is."""
    return Trigger.objects.get(id=trigger["id"])
