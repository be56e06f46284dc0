"""Runs of automations and loops: limits, recovery, signals, keys, lists."""

from apps.identity.models import Project
from apps.runs.models import Run
from apps.workflows.models import Dialect
from tests.runs.linear_scenes import payload_of, start, work
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.support.linear import action, make_definition, step

LIMITS = {"wall_clock_timeout": "1h"}


def test_a_run_beyond_its_wall_clock_is_stopped_and_can_be_extended(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    loop = make_definition(project, action("parse"), limits=LIMITS)
    run = start(api, loop.id)
    assert "wall_clock_deadline_at" in api.get(f"runs/{run['id']}").json()

    frozen.tick(hours=1, seconds=5)
    dispatch_all()

    shown = api.get(f"runs/{run['id']}").json()
    assert (shown["status"], shown["stop_reason"]) == ("failed", "wall_clock_exceeded")
    reached = payload_of(run["id"], "limit.reached")
    assert reached["limit_kind"] == "wall_clock"
    assert reached["limit"] == 3600
    assert reached["used"] >= 3600
    refused = api.post(f"runs/{run['id']}/retry", {})
    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "wall_clock_extend_seconds"
    more = {"wall_clock_extend_seconds": 600, "reason": "it was slow"}
    assert api.post(f"runs/{run['id']}/resume", more).status_code == 202
    assert payload_of(run["id"], "run.resumed") == {
        "step": "parse",
        "reason": "it was slow",
        "attempt": 2,
        "recovery_action": "resume",
    }
    work(api, project)
    assert api.get(f"runs/{run['id']}").json()["status"] == "completed"


def test_a_run_that_spends_more_than_it_may_is_stopped(
    api: Api, project: Project
) -> None:
    loop = make_definition(project, action("parse"))
    run = start(api, loop.id, credit_budget=10)
    used = {"category": "tokens", "quantity": 900, "credits": 6, "step_key": "parse"}

    assert api.post(f"runs/{run['id']}/usage", used).json()["status"] == "queued"
    assert api.post(f"runs/{run['id']}/usage", used).json()["status"] == "failed"

    shown = api.get(f"runs/{run['id']}").json()
    assert (shown["stop_reason"], shown["credit_spent"]) == ("budget_exceeded", 12)
    reached = payload_of(run["id"], "limit.reached")
    assert (reached["limit_kind"], reached["limit"]) == ("credit_budget", 10)
    assert api.post(f"runs/{run['id']}/usage", used).status_code == 409
    assert api.post(f"runs/{run['id']}/retry", {}).status_code == 400
    assert api.post(f"runs/{run['id']}/retry", {"credit_budget": 50}).status_code == 202


def test_a_signal_to_a_step_gives_it_its_output(api: Api, project: Project) -> None:
    wait = {"event_type": "custom.paid", "match": {"order": 7}}
    loop = make_definition(project, step("wait_for_event", "paid", wait))
    run = start(api, loop.id)
    signals = f"runs/{run['id']}/signals"

    answer = api.post(signals, {"step_key": "paid", "result": {"by": "hand"}})

    assert answer.status_code == 200
    assert answer.json()["status"] == "completed"
    assert answer.json()["result"] == {"paid": {"by": "hand"}}
    late = api.post(signals, {"step_key": "paid"})
    assert (late.status_code, late.json()["details"]["path"]) == (400, "step_key")


def test_cancelling_answers_with_the_run(api: Api, project: Project) -> None:
    loop = make_definition(project, action("parse"))
    run = start(api, loop.id)

    for path in ("cancel", "cancellations"):
        answer = api.post(f"runs/{run['id']}/{path}", {"reason": "not needed"})
        assert answer.status_code == 200
        assert answer.json()["status"] == "cancelled"
        assert answer.json()["stop_reason"] == "cancelled"


def test_a_key_starts_one_run_while_it_lives_and_none_after(
    api: Api, project: Project
) -> None:
    loop = make_definition(project, action("parse"))
    run = start(api, loop.id, idempotency_key="k1")

    assert start(api, loop.id, idempotency_key="k1")["id"] == run["id"]

    work(api, project)
    refused = api.post(f"loops/{loop.id}/runs", {"idempotency_key": "k1"})
    assert refused.status_code == 409
    assert refused.json()["code"] == "idempotency_key_conflict"
    assert refused.json()["details"]["existing_run_id"] == run["id"]
    assert Run.objects.count() == 1


def test_steps_are_listed_with_where_they_stand(api: Api, project: Project) -> None:
    loop = make_definition(
        project,
        action("a", parameters={"n": "{{ event.n }}"}),
        action("b", **{"if": "false"}),
        step("wait_for_event", "c", {"event_type": "custom.paid"}),
        action("d"),
    )
    run = start(api, loop.id, event={"n": 1})
    work(api, project, 5)

    rows = api.get(f"runs/{run['id']}/steps").json()["items"]

    assert [(row["step_key"], row["status"], row["seq"]) for row in rows] == [
        ("a", "completed", 0),
        ("b", "skipped", 1),
        ("c", "suspended", 2),
        ("d", "pending", 3),
    ]
    assert rows[0]["inputs"] == {"n": 1}
    assert rows[0]["result"] == 5
    assert rows[0]["parameters"]["parameters"] == {"n": "{{ event.n }}"}
    assert rows[2]["wait_id"].startswith("wait_")


def test_declared_fields_are_checked_and_get_their_defaults(
    api: Api, project: Project
) -> None:
    event = {"n": {"type": "integer", "required": True}, "to": {"default": "ops"}}
    loop = make_definition(project, action("a"), event=event)

    refused = api.post(f"loops/{loop.id}/runs", {"event": {"n": "four"}})

    assert refused.status_code == 400
    assert refused.json()["details"]["path"] == "event.n"
    assert start(api, loop.id, event={"n": 4})["event"] == {"n": 4, "to": "ops"}


def test_lists_choose_by_definition(api: Api, project: Project) -> None:
    loop = make_definition(project, action("a"))
    automation = make_definition(
        project, action("a"), dialect=Dialect.AUTOMATION, handle="report"
    )
    run = start(api, loop.id)
    other = api.post("automations/report/runs").json()

    def listed(query: str) -> list[str]:
        return [each["id"] for each in api.get(f"runs?{query}").json()["items"]]

    assert listed(f"loop_id={loop.id}") == [run["id"]]
    assert listed(f"automation_id={automation.id}") == [other["id"]]
    assert listed("kind=loop") == [run["id"]]
    assert listed("kind=workflow") == []
    assert set(listed("")) == {run["id"], other["id"]}
