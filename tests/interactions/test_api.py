"""``/v1/projects/{project}/interactions``."""

from datetime import timedelta
from typing import Any

import pytest

from apps.api.rendering import instant
from apps.identity.models import Principal, Project
from apps.interactions.models import Interaction
from apps.kernel import clock
from apps.source_events.models import SourceEvent
from tests.interactions.conftest import Ask, api_of, options
from tests.support.api import Api


def question(member: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "approval",
        "message": "Publish?",
        "target_actor": {"type": "member", "id": member},
        **fields,
    }


def test_an_interaction_of_a_run_is_shown_whole(
    api: Api, ask: Ask, rita: Principal
) -> None:
    row = ask(context={"pages": 3})

    shown = api.get(f"interactions/{row.id}").json()

    assert shown == {
        "id": row.id,
        "run_id": "run_1",
        "signal_name": "get-approval",
        "type": "approval",
        "status": "pending",
        "message": "Approve?",
        "context": {"pages": 3},
        "spec": {"mode": "confirm"},
        "target": {"type": "user", "id": rita.id},
        "target_actor": {"type": "member", "id": rita.id},
        "step_name": "get-approval",
        "participants": [
            {
                "user_id": rita.id,
                "role": "responder",
                "state": "asked",
                "via": "target",
            }
        ],
        "resolution_policy": {"type": "any_of"},
        "require_all": False,
        "expires_at": instant(row.expires_at),
        "created_at": instant(row.created_at),
        "updated_at": instant(row.updated_at),
    }


def test_the_answer_is_shown_with_who_gave_it_and_when(
    ask: Ask, rita: Principal
) -> None:
    row = ask()

    answer = api_of(rita).post(
        f"interactions/{row.id}/respond", {"value": True, "comment": "Looks good."}
    )

    assert answer.status_code == 200
    shown = answer.json()
    assert shown["status"] == "completed"
    assert shown["responder_actor"] == {"type": "member", "id": rita.id}
    at = shown["completed_at"]
    assert shown["response"] == {"value": True, "comment": "Looks good.", "at": at}


def test_an_answer_of_false_without_a_comment_is_an_answer(api: Api, ask: Ask) -> None:
    row = ask()

    shown = api.post(f"interactions/{row.id}/respond", {"value": False}).json()

    assert shown["response"] == {"value": False, "at": shown["completed_at"]}
    assert shown["responder_actor"]["type"] == "agent"


def test_the_list_filters_by_run_and_status_newest_first(api: Api, ask: Ask) -> None:
    one, two = ask(task_id=1), ask(task_id=2)
    other = ask(run_id="run_2")
    overdue = ask(task_id=3, expires_at=clock.now() - timedelta(seconds=1))
    api.post(f"interactions/{two.id}/respond", {"value": True})

    def listed(query: str) -> list[str]:
        page = api.get(f"interactions?{query}").json()
        assert page["has_more"] is False
        return [item["id"] for item in page["items"]]

    assert listed("run_id=run_1&status=pending") == [one.id]
    assert listed("status=completed") == [two.id]
    assert listed("status=expired") == [overdue.id]
    assert listed("status=cancelled") == []
    assert listed("run_id=run_2") == [other.id]
    assert listed("") == [overdue.id, other.id, two.id, one.id]
    shown = api.get("interactions?status=expired").json()["items"][0]
    assert shown["status"] == "expired"


def test_the_list_is_paged(api: Api, ask: Ask) -> None:
    ids = [ask(task_id=task).id for task in range(3)]

    first = api.get("interactions?limit=2").json()
    second = api.get(f"interactions?limit=2&cursor={first['next_cursor']}").json()

    assert [item["id"] for item in first["items"] + second["items"]] == ids[::-1]


def test_an_unknown_status_is_refused_by_name(api: Api) -> None:
    answer = api.get("interactions?status=done")

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "status"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "value"),
        ({"value": "yes"}, "value"),
        ({"value": None}, "value"),
        ({"value": True, "comment": 1}, "comment"),
        ({"value": True, "comment": "x" * 10_001}, "comment"),
        ({"value": True, "action": "review"}, "action"),
    ],
)
def test_a_wrong_answer_is_named_and_counts_nothing(
    api: Api, ask: Ask, body: dict[str, Any], path: str
) -> None:
    row = ask()

    answer = api.post(f"interactions/{row.id}/respond", body)

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == path
    row.refresh_from_db()
    assert row.status == "pending"


def test_a_second_answer_is_409_unless_it_is_the_same_request_again(
    api: Api, ask: Ask
) -> None:
    path = f"interactions/{ask().id}/respond"
    key = {"Idempotency-Key": "k1"}

    first = api.post(path, {"value": True}, **key)
    replayed = api.post(path, {"value": True}, **key)
    second = api.post(path, {"value": True})

    assert (first.status_code, replayed.status_code) == (200, 200)
    assert replayed.json() == first.json()
    assert second.status_code == 409
    assert SourceEvent.objects.count() == 1


def test_teammates_see_and_strangers_do_not(
    ask: Ask, rita: Principal, paul: Principal, stranger: Api
) -> None:
    path = f"interactions/{ask().id}"
    owner, teammate = api_of(rita), api_of(paul)
    body = {"value": True}

    assert teammate.get(path).status_code == owner.get(path).status_code == 200
    assert teammate.post(f"{path}/respond", body).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/respond", body).status_code == 404
    assert stranger.get("interactions").json()["items"] == []
    assert owner.post(f"{path}/respond", body).status_code == 200


def test_a_worker_sees_no_interactions(project: Project, api_as: Any, ask: Ask) -> None:
    worker = api_as("Worker")
    path = f"interactions/{ask().id}"

    assert worker.get("interactions").status_code == 403
    assert worker.get(path).status_code == 403
    assert worker.post(f"{path}/respond", {"value": True}).status_code == 403
    assert worker.post("interactions", {}).status_code == 403
    assert Api(project.handle, "mbx_no").get("interactions").status_code == 401


def test_a_standalone_question_is_asked_answered_and_told(
    api: Api, rita: Principal
) -> None:
    expires_at = clock.now() + timedelta(hours=1)
    body = question(rita.id, context={"a": 1}, expires_at=instant(expires_at))

    made = api.post("interactions", body)

    assert made.status_code == 201
    shown = made.json()
    assert shown["id"].startswith("iact_")
    assert shown["status"] == "pending"
    assert shown["spec"] == {"mode": "confirm"}
    assert shown["expires_at"] == instant(expires_at)
    assert "run_id" not in shown
    assert "signal_name" not in shown
    done = api_of(rita).post(f"interactions/{shown['id']}/respond", {"value": True})
    assert done.json()["status"] == "completed"
    fact = SourceEvent.objects.get()
    assert fact.run_id == ""
    assert fact.dispatched_at is not None


def test_the_later_name_of_the_target_works_as_well(api: Api, rita: Principal) -> None:
    body = question(rita.id)
    body["target"] = {**body.pop("target_actor"), "type": "user"}

    shown = api.post("interactions", body).json()

    assert shown["target_actor"] == {"type": "member", "id": rita.id}


def test_a_standalone_question_with_choices(api: Api, rita: Principal) -> None:
    spec = {"mode": "multi_select", "options": options("a", "b"), "placeholder": "?"}
    made = api.post("interactions", question(rita.id, type="input", spec=spec)).json()

    assert made["spec"] == spec
    path = f"interactions/{made['id']}/respond"
    assert api.post(path, {"value": ["c"]}).status_code == 400
    assert api.post(path, {"value": ["b"]}).json()["response"]["value"] == ["b"]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"type": None}, "type"),
        ({"type": "poll"}, "type"),
        ({"message": None}, "message"),
        ({"message": " "}, "message"),
        ({"message": "a\x00"}, "message"),
        ({"target_actor": None}, "target_actor"),
        ({"target_actor": {}}, "target_actor"),
        ({"target_actor": {"type": "group", "id": "g"}}, "target_actor.id"),
        ({"target_actor": {"type": "team", "id": "g"}}, "target_actor.type"),
        ({"target_actor": {"type": "member"}}, "target_actor.id"),
        ({"target_actor": {"type": "member", "id": "ghost"}}, "target_actor.id"),
        ({"target": {"type": "user", "id": "x"}}, "target_actor"),
        ({"context": [1]}, "context"),
        ({"spec": {"mode": "select"}}, "spec.mode"),
        ({"type": "review", "spec": {"mode": "select"}}, "spec.options"),
        ({"type": "review", "spec": {"mode": "input"}}, "spec.mode"),
        ({"spec": {"mode": "confirm", "colour": "red"}}, "spec.colour"),
        ({"spec": {}}, "spec.mode"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"run_id": "run_1"}, "signal_name"),
        ({"signal_name": "s"}, "run_id"),
        ({"require_all": "yes"}, "require_all"),
        ({"timeout": "soon"}, "timeout"),
        ({"timeout": "0s"}, "timeout"),
    ],
)
def test_a_wrong_question_is_named_and_not_asked(
    api: Api, rita: Principal, fields: dict[str, Any], path: str
) -> None:
    answer = api.post("interactions", question(rita.id, **fields))

    assert answer.status_code == 400, answer.content
    assert path in {field["path"] for field in answer.json()["details"]["fields"]}
    assert Interaction.objects.count() == 0


def test_a_member_of_another_project_cannot_be_asked(
    stranger: Api, rita: Principal
) -> None:
    answer = stranger.post("interactions", question(rita.id))

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "target_actor.id"


@pytest.mark.parametrize(("role", "status"), [("Operator", 201), ("Viewer", 403)])
def test_asking_needs_the_permission(
    api_as: Any, rita: Principal, role: str, status: int
) -> None:
    answer = api_as(role).post("interactions", question(rita.id))

    assert answer.status_code == status
