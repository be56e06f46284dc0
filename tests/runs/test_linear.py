"""Runs of automations and loops: each kind of step, from the outside."""

from datetime import timedelta
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run
from apps.workflows.models import Dialect
from tests.runs.linear_scenes import payload_of, start, types_of, work
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.linear import action, make_definition, step

EXAMPLE = [
    "run.started",
    "step.started",
    "action.called",
    "action.completed",
    "step.completed",
    "usage.recorded",
    "run.completed",
]


def test_a_run_of_one_action_has_the_lines_of_the_example(
    api: Api, project: Project
) -> None:
    loop = make_definition(project, action("parse"))

    run = start(api, loop.id)
    work(api, project, {"pages": 3})

    assert types_of(run["id"]) == EXAMPLE
    shown = api.get(f"runs/{run['id']}").json()
    assert shown["status"] == "completed"
    assert shown["stop_reason"] == "completed"
    assert shown["result"] == {"parse": {"pages": 3}}


def test_a_started_line_says_what_runs_and_why(api: Api, project: Project) -> None:
    loop = make_definition(project, action("parse"))

    run = start(api, loop.id, source={"type": "manual", "label": "Ada"})

    assert payload_of(run["id"], "run.started") == {
        "run_id": run["id"],
        "loop_id": loop.id,
        "loop_version_id": run["loop_version_id"],
        "loop_version": 1,
        "source": {"type": "manual", "label": "Ada"},
    }
    assert run["source"] == {"type": "manual", "label": "Ada"}


def test_steps_see_the_event_the_config_and_each_other(
    api: Api, project: Project
) -> None:
    loop = make_definition(
        project,
        action("a", parameters={"n": "{{ event.n }}", "to": "${{ config.to }}"}),
        action(
            "b", parameters={"text": "{{ .context.first.v }} of {{ steps.a.output }}"}
        ),
        defaults={"to": "ops"},
        output={"sum": "{{ steps[0].output.v }}"},
    )
    run = start(api, loop.id, event={"n": 4})
    first = work(api, project, {"v": 1})

    assert first["parameters"] == {"n": 4, "to": "ops"}
    second = work(api, project, {"v": 2})
    assert second["parameters"] == {"text": ' of {"v":1}'}
    assert api.get(f"runs/{run['id']}").json()["result"] == {"sum": 1}


def test_a_step_is_saved_under_the_name_it_asks_for(api: Api, project: Project) -> None:
    make_definition(
        project,
        {"key": "a", "save_as": "found", **_without_id(action("a"))},
        {
            "key": "b",
            **_without_id(action("b", parameters={"v": "{{ context.found }}"})),
        },
        dialect=Dialect.AUTOMATION,
    )

    answer = api.post("automations/nightly/runs", {"inputs": {"x": 1}})
    dispatch_all()
    work(api, project, 7)

    assert work(api, project)["parameters"] == {"v": 7}
    run = api.get(f"runs/{answer.json()['id']}").json()
    assert run["inputs"] == {"x": 1}
    assert run["result"] == {"a": 7, "b": None}
    assert run["org_id"] == project.organization_id


def _without_id(authored: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in authored.items() if name != "id"}


def test_a_condition_that_does_not_hold_skips_the_step(
    api: Api, project: Project
) -> None:
    loop = make_definition(project, action("a", **{"if": "event.n > 5"}), action("b"))

    run = start(api, loop.id, event={"n": 1})

    assert types_of(run["id"])[1] == "step.skipped"
    assert payload_of(run["id"], "step.skipped")["kind"] == "action"
    assert work(api, project)["step_name"] == "b"


def test_a_loop_step_starts_a_child_and_goes_on(api: Api, project: Project) -> None:
    make_definition(project, action("x"), handle="child")
    parent = make_definition(
        project, step("loop", "call", {"loop_id": "child", "event": {"n": 1}})
    )

    run = start(api, parent.id)

    shown = api.get(f"runs/{run['id']}").json()
    assert shown["status"] == "completed"
    child = api.get(f"runs/{shown['result']['call']['run_id']}").json()
    assert child["parent_run_id"] == run["id"]
    assert child["parent_loop_id"] == parent.id
    assert child["parent_step_key"] == "call"
    assert child["event"] == {"n": 1}
    children = api.get(f"runs?parent_run_id={run['id']}").json()["items"]
    assert [each["id"] for each in children] == [child["id"]]


def test_a_conditional_loop_step_starts_no_child(api: Api, project: Project) -> None:
    make_definition(project, action("x"), handle="child")
    config = {"loop_id": "child", "condition": "event.n > 5"}
    parent = make_definition(project, step("loop", "call", config))

    run = start(api, parent.id, event={"n": 1})

    assert types_of(run["id"]) == ["run.started", "step.skipped", "run.completed"]
    assert Run.objects.count() == 1


def test_a_child_that_cannot_be_started_fails_the_step(
    api: Api, project: Project
) -> None:
    parent = make_definition(project, step("loop", "call", {"loop_id": "missing"}))

    run = start(api, parent.id)

    shown = api.get(f"runs/{run['id']}").json()
    assert (shown["status"], shown["error_type"]) == ("failed", "not_found")
    assert shown["stop_reason"] == "step_failed"


def test_loops_that_start_each_other_are_stopped(api: Api, project: Project) -> None:
    loop = make_definition(project, step("loop", "again", {"loop_id": "nightly"}))

    start(api, loop.id)

    assert Run.objects.count() == 17
    last = Run.objects.order_by("-depth").first()
    assert last is not None
    assert last.error_type == "depth_limit"


def test_an_agent_step_fails_and_says_that_there_are_none(
    api: Api, project: Project
) -> None:
    loop = make_definition(project, step("agent", "think", {"instructions": "Think"}))

    run = start(api, loop.id)

    shown = api.get(f"runs/{run['id']}").json()
    assert (shown["status"], shown["error_type"]) == ("failed", "agent_unavailable")


def test_a_gate_asks_and_an_approval_overrides(api: Api, project: Project) -> None:
    config = {
        "checks": [{"name": "big", "kind": "expr", "expr": "event.n > 5"}],
        "on_fail": "gate",
        "gate": {"targets": ["prin_x"], "prompt": "Too small: go on?"},
    }
    loop = make_definition(project, step("check", "size", config))

    run = start(api, loop.id, event={"n": 1})

    assert api.get(f"runs/{run['id']}").json()["status"] == "suspended"
    (asked,) = api.get(f"interactions?run_id={run['id']}").json()["items"]
    assert asked["kind"] == "request_approval"
    assert asked["title"] == "Too small: go on?"
    answer = api.post(f"interactions/{asked['id']}/respond", {"value": True})
    assert answer.status_code == 200, answer.content
    dispatch_all()
    shown = api.get(f"runs/{run['id']}").json()
    assert shown["status"] == "completed"
    assert shown["result"]["size"]["overridden"] is True


def test_a_rejected_gate_ends_the_run_with_its_reason(
    api: Api, project: Project
) -> None:
    config = {
        "checks": [{"name": "big", "kind": "expr", "expr": "event.n > 5"}],
        "on_fail": "gate",
        "gate": {"targets": ["prin_x"]},
    }
    loop = make_definition(project, step("check", "size", config))
    run = start(api, loop.id, event={"n": 1})
    (asked,) = api.get(f"interactions?run_id={run['id']}").json()["items"]

    api.post(f"interactions/{asked['id']}/respond", {"value": False})
    dispatch_all()

    assert api.get(f"runs/{run['id']}").json()["stop_reason"] == "gate_rejected"


def test_a_wait_takes_the_event_whose_own_field_fits(
    api: Api, project: Project
) -> None:
    wait = {
        "event_type": "custom.paid",
        "match": {"order": "{{ event.order }}"},
        "payload_mapping": {"amount": "${{ event.amount }}"},
    }
    loop = make_definition(project, step("wait_for_event", "paid", wait))
    run = start(api, loop.id, event={"order": 7})

    for order in (6, 7):
        event = {"order": order, "amount": order * 10}
        api.post("source-events", {"event_type": "custom.paid", "event": event})
    dispatch_all()

    assert api.get(f"runs/{run['id']}").json()["result"] == {"paid": {"amount": 70}}
    opened = payload_of(run["id"], "wait.opened")
    assert (opened["event_type"], opened["match"]) == (
        "custom.paid",
        {"event.order": 7},
    )
    assert payload_of(run["id"], "wait.resumed")["wait_id"] == opened["wait_id"]


@pytest.mark.parametrize(
    ("on_timeout", "status"), [("fail", "failed"), ("skip", "completed")]
)
def test_a_wait_in_vain_fails_or_is_passed_over(
    api: Api, project: Project, frozen: FrozenClock, on_timeout: str, status: str
) -> None:
    limit = {"duration": "1h", "on_timeout": on_timeout}
    wait = step("wait_for_event", "paid", {"event_type": "custom.paid"}, timeout=limit)
    loop = make_definition(project, wait)
    run = start(api, loop.id)

    frozen.tick(hours=2)
    dispatch_all()

    assert api.get(f"runs/{run['id']}").json()["status"] == status
    assert payload_of(run["id"], "wait.timed_out")["reason"] == "timeout"


def test_a_sleep_lasts_until_its_instant(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    until = (clock.now() + timedelta(hours=3)).isoformat()
    sleep = step("sleep", "later", {"until": "{{ event.at }}"})
    loop = make_definition(project, sleep)
    run = start(api, loop.id, event={"at": until})
    assert api.get(f"runs/{run['id']}").json()["wake_at"].startswith(until[:19])

    frozen.tick(hours=3, seconds=1)
    dispatch_all()

    assert api.get(f"runs/{run['id']}").json()["status"] == "completed"
