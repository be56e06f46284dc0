"""Two wordings of one question: each is shown in the words in which it was asked."""

from typing import Any

import pytest
from deepnoodle.mobius._api import models as published

from apps.engine.json_schema import answer_problems
from apps.identity.models import Principal, Project
from tests.interactions.closed_schema import INTERACTION, Shown
from tests.interactions.conftest import api_of, options
from tests.interactions.scenes import answer, ask, group_target, people, team, user
from tests.support.api import Api

Crew = list[Principal]
#: Everything the newer words can say when they ask.
FULL = {
    "kind": "request_review",
    "title": "Is it good?",
    "description": "All of it.",
    "subject": {"kind": "external_url", "url": "https://example.com/1"},
    "references": [{"kind": "mobius_entity", "entity_type": "run", "entity_id": "r"}],
    "context": {"pages": 40},
    "tags": {"team": "press"},
    "properties": {"n": 1},
    "spec": {"mode": "select", "options": options("keep", "drop")},
    "consumer": {"kind": "none"},
    "delivery": {"channels": [{"kind": "inbox_only"}]},
    "expires_at": "2099-01-01T00:00:00.000000Z",
}


@pytest.fixture
def crew(project: Project) -> Crew:
    """Two who answer, and one who reviews."""
    return people(project, "ann", "ben", "rex")


def assert_closed(found: Shown) -> Shown:
    assert answer_problems(found, INTERACTION) == []
    return found


def put(api: Api, crew: Crew, **more: Any) -> Shown:
    body = {**FULL, "target_user_ids": [who.id for who in crew[:2]], **more}
    made = api.post("interactions", body)
    assert made.status_code == 201, made.content
    return assert_closed(made.json())


# --- The newer words --------------------------------------------------------------


def test_every_field_comes_back_as_it_was_asked(api: Api, crew: Crew) -> None:
    found = put(api, crew)

    assert {name: found[name] for name in FULL} == FULL
    assert found["target_user_ids"] == [who.id for who in crew[:2]]
    assert found["resolution_policy"] == {"type": "any_of"}
    assert found["responses"] == []
    assert [line["action"] for line in found["lifecycle"]] == ["created"]
    listed = api.get("interactions?kind=request_review&tag=team:press").json()
    assert listed["items"] == [found]


def test_through_review_and_rounds_the_shape_stays_closed(api: Api, crew: Crew) -> None:
    ann, ben, rex = crew
    review = {"reviewer_user_ids": [rex.id]}
    policy = {"type": "quorum", "threshold": 2, "review": review}
    found = put(api, crew, resolution_policy=policy)
    assert found["resolution_policy"] == policy
    path = f"interactions/{found['id']}"

    assert_closed(answer(ann, found, "drop", comment="Bad.").json())
    submitted = assert_closed(answer(ben, found, "keep").json())
    assert (submitted["status"], submitted["review_round"]) == ("in_review", 1)
    assert "submitted_at" in submitted
    changes = {"action": "request_changes", "comment": "Agree."}
    again = assert_closed(api_of(rex).post(f"{path}/review", changes).json())
    assert (again["status"], again["review_round"]) == ("pending", 2)
    assert (again["review_feedback"], again["reviewer"]) == (
        "Agree.",
        {"user_id": rex.id},
    )
    for who in (ann, ben):
        answer(who, found, "keep")
    done = api_of(rex).post(f"{path}/review", {"action": "accept"}).json()

    assert_closed(done)
    assert (done["status"], done["outcome"]) == ("completed", "keep")
    assert [one["attempt"] for one in done["responses"]] == [1, 1, 2, 2]
    assert [line["action"] for line in done["lifecycle"]] == [
        "created",
        "submitted_for_review",
        "changes_requested",
        "submitted_for_review",
        "accepted",
    ]


def test_an_answer_says_who_and_which_response_decided(api: Api, crew: Crew) -> None:
    found = put(api, crew, consumer=None)

    done = assert_closed(answer(crew[1], found, "drop", action="submit").json())

    assert (done["outcome"], done["responder"]) == ("drop", {"user_id": crew[1].id})
    assert done["resolving_response_id"] == done["responses"][0]["id"]
    assert done["resolved_by"] == "any_of: the first of 2 asked"
    assert done["completed_at"] == done["updated_at"]
    assert "consumer" not in done


def test_withdrawn_and_expired_it_keeps_its_shape(api: Api, crew: Crew) -> None:
    found = put(api, crew)

    path = f"interactions/{found['id']}/cancel"
    done = assert_closed(api.post(path, {"reason": "Late."}).json())

    assert (done["status"], done["cancel_reason"]) == ("cancelled", "Late.")
    assert not {"outcome", "responder", "completed_at"} & done.keys()


def test_work_is_assigned_and_answered(api: Api, crew: Crew) -> None:
    spec = {"mode": "input", "placeholder": "Done?", "multiline": True}
    found = put(api, crew, kind="assign_work", spec=spec)

    done = assert_closed(answer(crew[0], found, "Done.").json())

    assert (done["kind"], done["outcome"]) == ("assign_work", "Done.")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": "approval"}, "kind"),
        ({"title": ""}, "title"),
        ({"message": "Old word"}, "message"),
        ({"target_user_ids": []}, "target_user_ids"),
        ({"colour": "red"}, "colour"),
        ({"kind": "request_approval", "spec": {"mode": "input"}}, "spec.mode"),
    ],
)
def test_what_the_newer_words_do_not_know_is_named(
    api: Api, crew: Crew, fields: Shown, path: str
) -> None:
    body = {**FULL, "target_user_ids": [crew[0].id], **fields}

    refused = api.post("interactions", body)

    assert refused.status_code == 400
    assert path in {each["path"] for each in refused.json()["details"]["fields"]}


# --- The older words, as the published client 0.0.5 reads them --------------------


def test_the_published_client_reads_questions_to_a_user_and_to_a_group(
    api: Api, project: Project, crew: Crew
) -> None:
    ann, ben, _ = crew
    group = team(project, ann, ben)
    alone = ask(api, user(ann), context={"pages": 3}, spec={"mode": "confirm"})
    all_of_them = ask(api, group_target(group, require_all=True))
    first = ask(api, group_target(group))
    answer(ann, alone, True, comment="Fine.")
    answer(ben, all_of_them, False)
    api_of(ann).post(f"interactions/{first['id']}/claim")

    page = published.InteractionListResponse(**api.get("interactions").json())

    claimed, partial, done = page.items
    assert done.response is not None
    assert (done.response.value.root, done.response.comment) == (True, "Fine.")
    assert done.responder_actor is not None
    assert done.responder_actor.id == ann.id
    assert done.context == {"pages": 3}
    assert partial.require_all is True
    assert partial.target_group_id == group.id
    assert partial.partial_responses is not None
    assert [each.user_id for each in partial.partial_responses] == [ben.id]
    assert partial.target_member_snapshot == sorted([ann.id, ben.id])
    assert claimed.routing_policy_snapshot is not None
    assert claimed.routing_policy_snapshot.value == "first_responder"
    assert (claimed.claimed_by, claimed.status.value) == (ann.id, "pending")


def test_what_the_published_client_asks_is_understood(api: Api, crew: Crew) -> None:
    asked = published.CreateInteractionRequest(
        type=published.InteractionType.input,
        message="Which?",
        target_actor={"type": "member", "id": crew[0].id},
        spec={"mode": "multi_select", "options": options("a", "b")},
    )

    made = api.post("interactions", asked.model_dump(mode="json", exclude_none=True))

    assert made.status_code == 201, made.content
    found = published.Interaction(**made.json())
    assert found.spec is not None
    assert found.spec.mode is published.InteractionSpecMode.multi_select
    given = published.RespondToInteractionRequest(value=["b"], comment="That one.")
    body = given.model_dump(mode="json", exclude_none=True)
    done = api_of(crew[0]).post(f"interactions/{found.id}/respond", body).json()
    assert published.Interaction(**done).status.value == "completed"


def test_each_question_is_listed_in_its_own_words(api: Api, crew: Crew) -> None:
    newer = put(api, crew)
    older = ask(api, user(crew[0]))

    first, second = api.get("interactions").json()["items"]

    assert (first["id"], second["id"]) == (older["id"], newer["id"])
    assert "title" not in first
    assert "message" not in second
