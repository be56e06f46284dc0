"""Events that start runs, and events that do not."""

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.models import Listener, SourceEvent
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_api, make_project
from tests.support.specs import action, spec
from tests.triggers.scenes import (
    fires_of,
    happen,
    on_event,
    runs_of,
    statuses,
    workflow,
)

PAID = "custom.payment.received"
NEEDS_SHA = spec(
    action("build"),
    inputs=[
        {"name": "sha", "type": "string"},
        {"name": "branch", "type": "string", "default": "main"},
    ],
)


def test_an_event_starts_a_run_with_the_envelope_as_inputs(
    api: Api, project: Project
) -> None:
    trigger = on_event(api, PAID)

    event_id = happen(
        project.id, PAID, clock.now(), event={"amount": 5}, meta={"shop": "s1"}
    )

    (run,) = runs_of(trigger)
    assert run.inputs == {
        "event": {"amount": 5},
        "meta": {"event_type": PAID, "shop": "s1"},
    }
    assert (run.actor_type, run.actor_id) == ("trigger", trigger["id"])
    assert run.initiated_by == trigger["name"]
    (fire,) = fires_of(trigger)
    assert (fire.status, fire.run_ids, fire.error) == ("success", [run.id], "")
    assert (fire.dedup_key, fire.source_event_id) == (event_id, event_id)
    assert fire.context is None
    shown = api.get(f"runs?source_event_id={event_id}").json()["items"]
    assert [one["id"] for one in shown] == [run.id]
    assert shown[0]["trigger_id"] == trigger["id"]
    assert shown[0]["source_event_id"] == event_id
    assert len(api.get(f"runs?trigger_id={trigger['id']}").json()["items"]) == 1
    assert api.get("runs?trigger_id=trg_none").json()["items"] == []


@pytest.mark.parametrize(
    ("pattern", "event_type", "starts"),
    [
        (PAID, PAID, True),
        ("custom.*", PAID, True),
        ("custom.payment.*", PAID, True),
        ("custom.payment.*", "custom.payment", False),
        ("custom.payment.*", "custom.payments.made", False),
        ("custom.refund.*", PAID, False),
        ("custom.payment", PAID, False),
        ("github.pull_request.*", "github.pull_request.opened", True),
        ("github.pull_request.*", "github.push", False),
        ("run.*", "run.failed", True),
        ("run.*", "run.progress_initial", False),
        ("table.row.inserted", "table.row.inserted", True),
        ("artifact.created", "artifact.created", True),
        ("email.received", "email.received", True),
        ("session.message.created", "session.message.created", True),
        ("http_trigger.received", "http_trigger.received", True),
    ],
)
def test_a_pattern_is_an_exact_name_or_all_below_a_prefix(
    api: Api, project: Project, pattern: str, event_type: str, starts: bool
) -> None:
    trigger = on_event(api, pattern)

    happen(project.id, event_type, clock.now())

    assert len(runs_of(trigger)) == starts


@pytest.mark.parametrize(
    ("wanted", "source_id", "starts"),
    [("tbl_1", "tbl_1", True), ("tbl_1", "tbl_2", False), ("tbl_1", "", False)],
)
def test_only_events_of_the_chosen_source_count(
    api: Api, project: Project, wanted: str, source_id: str, starts: bool
) -> None:
    trigger = on_event(api, "table.row.*", source_id=wanted)

    happen(project.id, "table.row.updated", clock.now(), source_id=source_id)

    assert len(runs_of(trigger)) == starts


@pytest.mark.parametrize(
    ("condition", "starts"),
    [
        ("event.amount > 10 && meta.shop == 's1'", True),
        ("${event.amount > 10}", True),
        ("${{ event.amount > 10 }}", True),
        ("event.amount > 100", False),
        ("event.missing == null", True),
        ("has(event.missing)", False),
    ],
)
def test_a_condition_looks_at_event_and_meta(
    api: Api, project: Project, condition: str, starts: bool
) -> None:
    in_source = on_event(api, PAID, condition=condition, name="source")
    in_filter = on_event(
        api, PAID, filter_config={"condition": condition}, name="filter"
    )

    happen(project.id, PAID, clock.now(), event={"amount": 50}, meta={"shop": "s1"})

    assert len(runs_of(in_source)) == len(runs_of(in_filter)) == starts
    # What does not match leaves no trace: most events match nothing.
    assert len(fires_of(in_source)) == starts


def test_a_condition_that_cannot_be_decided_is_a_failed_fire(
    api: Api, project: Project
) -> None:
    trigger = on_event(api, PAID, condition="event.amount > 10")
    other = on_event(api, PAID, name="other")

    event_id = happen(project.id, PAID, clock.now(), event={"amount": "many"})

    (fire,) = fires_of(trigger)
    assert (fire.status, fire.run_ids) == ("failed", [])
    assert "the condition cannot be decided: no > between string and" in fire.error
    assert statuses(other) == ["success"]
    event = SourceEvent.objects.get(id=event_id)
    assert (event.failures, event.dispatched_at is None) == (0, False)


def test_each_target_whose_condition_holds_gets_a_run_with_mapped_inputs(
    api: Api, project: Project
) -> None:
    build = workflow(api, "build", NEEDS_SHA)
    notify = workflow(api, "notify")
    mapping = {"sha": "$.commits[0]['the id']", "branch": "${meta.branch}-x"}
    trigger = on_event(
        api,
        "github.push",
        targets=[
            {"workflow_id": build, "input_mapping": mapping, "queue": "ci"},
            {"workflow_id": "notify", "condition": "event.loud"},
            {"workflow_id": notify, "condition": "!event.loud"},
        ],
    )

    happen(
        project.id,
        "github.push",
        clock.now(),
        event={"commits": [{"the id": "abc"}], "loud": False},
        meta={"branch": "dev"},
    )

    first, second = runs_of(trigger)
    assert (first.workflow_id, first.queue) == (build, "ci")
    assert (first.inputs["sha"], first.inputs["branch"]) == ("abc", "dev-x")
    assert first.inputs["event"]["commits"] == [{"the id": "abc"}]
    assert (second.workflow_id, second.queue) == (notify, "default")
    (fire,) = fires_of(trigger)
    assert fire.run_ids == [first.id, second.id]


def test_a_fire_no_target_wants_is_skipped(api: Api, project: Project) -> None:
    trigger = on_event(api, PAID, target={"condition": "event.amount > 10"})

    happen(project.id, PAID, clock.now(), event={"amount": 1})

    (fire,) = fires_of(trigger)
    assert (fire.status, fire.error) == ("skipped", "no target's condition holds")


def test_all_runs_of_a_fire_start_or_none(api: Api, project: Project) -> None:
    workflow(api, "build", NEEDS_SHA)
    workflow(api, "notify")
    trigger = on_event(
        api,
        PAID,
        targets=[
            {"workflow_id": "notify"},
            {"workflow_id": "build", "input_mapping": {"sha": "$.nothing"}},
        ],
    )

    happen(project.id, PAID, clock.now())

    (fire,) = fires_of(trigger)
    assert (fire.status, fire.error) == ("failed", "inputs.sha: input sha is required")
    assert fire.run_ids == []
    assert runs_of(trigger) == []


def test_a_deleted_workflow_is_a_failed_fire(api: Api, project: Project) -> None:
    trigger = on_event(api, PAID)
    (target,) = trigger["targets"]
    assert api.delete(f"workflows/{target['workflow_id']}").status_code == 204

    happen(project.id, PAID, clock.now())

    (fire,) = fires_of(trigger)
    assert fire.status == "failed"
    assert fire.error == f"workflow {target['workflow_id']} not found"


def test_a_declared_event_is_checked_like_any_input(api: Api, project: Project) -> None:
    declared = spec(action("a"), inputs=[{"name": "event", "type": "string"}])
    trigger = on_event(
        api, PAID, targets=[{"workflow_id": workflow(api, "typed", declared)}]
    )

    happen(project.id, PAID, clock.now(), event={"a": 1})

    (fire,) = fires_of(trigger)
    assert (fire.status, "event must be of type string" in fire.error) == (
        "failed",
        True,
    )


@pytest.mark.parametrize("gone", ["disabled", "deleted"])
def test_a_trigger_that_is_off_hears_nothing(
    api: Api, project: Project, gone: str
) -> None:
    trigger = on_event(api, PAID)
    path = f"triggers/{trigger['id']}"
    answer = (
        api.patch(path, {"enabled": False}) if gone == "disabled" else api.delete(path)
    )
    assert answer.status_code in (200, 204)

    event_id = happen(project.id, PAID, clock.now())

    assert runs_of(trigger) == []
    assert Listener.objects.count() == 0
    # Nobody listens, so it was settled as it was written.
    event = SourceEvent.objects.get(id=event_id)
    assert event.dispatched_at == event.created_at


def test_a_changed_pattern_counts_from_the_change(api: Api, project: Project) -> None:
    trigger = on_event(api, PAID)
    config = {"event_type": "custom.refund.made"}
    api.patch(f"triggers/{trigger['id']}", {"source_config": config})

    happen(project.id, PAID, clock.now())
    happen(project.id, "custom.refund.made", clock.now())

    assert len(runs_of(trigger)) == 1
    assert [one.pattern for one in Listener.objects.all()] == ["custom.refund.made"]


def test_events_of_another_project_start_nothing(api: Api, project: Project) -> None:
    other = make_project("globex")
    theirs = on_event(make_api(other, role="Admin"), PAID)
    ours = on_event(api, PAID)

    happen(other.id, PAID, clock.now())

    assert (len(runs_of(theirs)), len(runs_of(ours))) == (1, 0)


def test_a_published_event_starts_a_run(api: Api) -> None:
    trigger = on_event(api, "custom.*")
    body = {"event_type": PAID, "event": {"amount": 3}, "dedup_key": "p1"}

    for _ in range(2):
        assert api.post("source-events", body).status_code == 202
        dispatch_all()

    (run,) = runs_of(trigger)
    assert run.inputs["event"] == {"amount": 3}
