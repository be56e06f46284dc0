"""What GitHub sends, and which event it becomes."""

from typing import Any

import pytest

from tests.integrations.payloads import PING, PULL_REQUEST, PUSH
from tests.integrations.scenes import connect, deliver, event_of, events_of, refusal
from tests.integrations.senders import github
from tests.support.api import Api


def test_a_pull_request_carries_what_is_worth_routing_by(api: Api) -> None:
    made = connect(api)

    event = event_of(made, github())

    assert event.event == PULL_REQUEST
    assert event.meta == {
        "event_type": "github.pull_request.opened",
        "integration_id": made["id"],
        "provider": "github",
        "delivery_id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "repository": "analytical/engine",
        "organization": "analytical",
        "sender": "ada",
        "action": "opened",
        "number": "42",
    }


def test_an_event_without_an_action_has_a_name_of_two_words(api: Api) -> None:
    event = event_of(connect(api), github(PUSH, event="push"))

    assert event.event_type == "github.push"
    assert event.meta["ref"] == "refs/heads/main"
    assert "action" not in event.meta


def test_a_ping_is_answered_and_tells_of_nothing(api: Api) -> None:
    made = connect(api)

    answer = deliver(made, github(PING, event="ping"))

    assert (answer.status_code, answer.json()) == (200, {"status": "pong"})
    assert events_of(made) == []
    unsigned = github(PING, event="ping", secret="another-secret")
    assert refusal(made, unsigned) == (401, "invalid_signature")


def test_the_form_that_github_offers_is_read_too(api: Api) -> None:
    made = connect(api)

    event = event_of(made, github(form=True))

    assert event.event == PULL_REQUEST
    bad = github(form=True, body=b"{")
    assert refusal(made, bad) == (400, "bad_request")


def test_a_delivery_sent_again_by_hand_has_its_id_and_is_no_second_event(
    api: Api,
) -> None:
    made = connect(api)
    other = github({**PULL_REQUEST, "number": 43}, id="another")

    for request in (github(), github(), other):
        assert deliver(made, request).status_code == 202

    assert events_of(made) == ["github.pull_request.opened"] * 2


@pytest.mark.parametrize("id", ["", "ü", "x" * 201])
def test_without_a_usable_id_the_same_body_is_the_same_delivery(
    api: Api, id: str
) -> None:
    made = connect(api)

    for body in (PULL_REQUEST, PULL_REQUEST, PUSH):
        deliver(made, github(body, id=id))

    assert len(events_of(made)) == 2


@pytest.mark.parametrize(
    ("event", "action", "name"),
    [
        ("issues", "opened", "github.issues.opened"),
        ("check_run", "completed", "github.check_run.completed"),
        ("repository_dispatch", "To Prod!", "github.repository_dispatch.to_prod"),
        ("repository_dispatch", "a.b*", "github.repository_dispatch.a_b"),
        ("repository_dispatch", "größe", "github.repository_dispatch.gr_e"),
        ("repository_dispatch", "__X--y__", "github.repository_dispatch.x--y"),
        ("issues", "", "github.issues"),
        ("issues", None, "github.issues"),
        ("issues", 7, "github.issues"),
        ("issues", ["x"], "github.issues"),
    ],
)
def test_names_of_events_are_plain_words(
    api: Api, event: str, action: Any, name: str
) -> None:
    made = connect(api)

    assert event_of(made, github({"action": action}, event=event)).event_type == name


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("issues", "!!!"),
        ("...", "x"),
        ("issues", "日本"),
        ("issues", "x" * 128),
        ("", "x"),
    ],
)
def test_a_name_that_cannot_be_one_is_400(api: Api, event: str, action: str) -> None:
    made = connect(api)

    answer = refusal(made, github({"action": action}, event=event))

    assert answer == (400, "bad_request")


def test_fields_of_another_shape_are_left_out_of_meta(api: Api) -> None:
    odd = {"repository": "engine", "sender": {"login": ["ada"]}, "ref": "x" * 600}

    event = event_of(connect(api), github({**odd, "number": True}, event="push"))

    routing = {"repository", "organization", "sender", "ref", "number", "action"}
    assert event.event["repository"] == "engine"
    assert routing.isdisjoint(event.meta)
