"""What Slack sends, and which event it becomes."""

import json
from typing import Any

import pytest

from tests.integrations.payloads import SLACK_BLOCKS, SLACK_COMMAND, SLACK_EVENT
from tests.integrations.scenes import connect, deliver, event_of, events_of, refusal
from tests.integrations.senders import slack
from tests.support.api import Api
from tests.support.frozen import FrozenClock


@pytest.fixture
def made(api: Api) -> dict[str, Any]:
    return connect(api, "slack")


def test_an_event_carries_what_is_worth_routing_by(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    event = event_of(made, slack(at=frozen.at))

    assert event.event == SLACK_EVENT
    assert event.meta == {
        "event_type": "slack.event",
        "integration_id": made["id"],
        "provider": "slack",
        "delivery_id": "Ev0MDYGDKJ",
        "name": "app_mention",
        "team_id": "T061EG9R6",
        "channel_id": "C0LAN2Q65",
        "sender": "U061F7AUR",
    }


def test_a_slash_command_is_the_form_as_an_object(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    request = slack(at=frozen.at, form=SLACK_COMMAND)

    event = event_of(made, request)

    assert (event.event_type, event.event) == ("slack.command", SLACK_COMMAND)
    assert (event.meta["name"], event.meta["channel_id"]) == ("/deploy", "C0LAN2Q65")
    assert event.meta["delivery_id"] == request.headers["X-Slack-Signature"]
    assert deliver(made, request).content == b""
    assert events_of(made) == ["slack.command"]


def test_a_command_typed_twice_is_two_events(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    event_of(made, slack(at=frozen.at, form=SLACK_COMMAND))
    event_of(made, slack(at=frozen.tick(seconds=1), form=SLACK_COMMAND))

    assert events_of(made) == ["slack.command"] * 2


def test_a_pressed_button_is_the_payload_of_the_form(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    form = {"payload": json.dumps(SLACK_BLOCKS)}

    event = event_of(made, slack(at=frozen.at, form=form))

    assert (event.event_type, event.event) == ("slack.interactivity", SLACK_BLOCKS)
    assert (event.meta["name"], event.meta["sender"]) == ("block_actions", "U061F7AUR")
    assert event.meta["channel_id"] == "C0LAN2Q65"


def test_the_challenge_is_answered_only_when_it_is_slack_who_asks(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    asks = {"type": "url_verification", "token": "x", "challenge": "3eZbrw1aBm2rZgRN"}

    answer = deliver(made, slack(asks, at=frozen.at))

    assert (answer.status_code, answer.json()) == (
        200,
        {"challenge": "3eZbrw1aBm2rZgRN"},
    )
    wrong = slack(asks, at=frozen.at, secret="another-secret")
    said = deliver(made, wrong)
    assert (said.status_code, b"3eZbrw1aBm2rZgRN" in said.content) == (401, False)
    assert events_of(made) == []


def test_a_look_at_our_certificate_tells_of_nothing(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    request = slack(at=frozen.at, form={"ssl_check": "1", "token": "x"})

    answer = deliver(made, request)

    assert (answer.status_code, answer.content) == (200, b"")
    assert events_of(made) == []


def test_an_event_that_slack_sends_again_is_signed_anew_and_still_one(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    event_of(made, slack(at=frozen.at))
    again = slack(at=frozen.tick(minutes=1)).with_headers(X_Slack_Retry_Num="1")

    assert deliver(made, again).status_code == 200

    assert events_of(made) == ["slack.event"]


def test_an_event_without_an_id_is_told_by_its_signature(
    made: dict[str, Any], frozen: FrozenClock
) -> None:
    limited = {"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1}

    for _ in range(2):
        deliver(made, slack(limited, at=frozen.at))

    assert events_of(made) == ["slack.event"]


@pytest.mark.parametrize("apart", [-300, 300])
def test_five_minutes_are_near_enough(
    made: dict[str, Any], frozen: FrozenClock, apart: int
) -> None:
    request = slack(at=frozen.at)

    frozen.tick(seconds=apart)

    event_of(made, request)


@pytest.mark.parametrize("apart", [-301, 301, 86400])
def test_a_delivery_of_another_time_is_refused(
    made: dict[str, Any], frozen: FrozenClock, apart: int
) -> None:
    request = slack(at=frozen.at)

    frozen.tick(seconds=apart)

    assert refusal(made, request) == (401, "stale_signature")


@pytest.mark.parametrize("at", [None, "", "soon", "1777896000.5", "9" * 400, "-1", "٣"])
def test_the_instant_cannot_be_changed(
    made: dict[str, Any], frozen: FrozenClock, at: str | None
) -> None:
    request = slack(at=frozen.at).with_headers(X_Slack_Request_Timestamp=at)

    assert refusal(made, request) == (401, "invalid_signature")


@pytest.mark.parametrize(
    "form",
    [
        {"payload": "{"},
        {"payload": "[]"},
        {"payload": ""},
        {"text": "no command"},
        {"command": ""},
        {"command": "/x", "text": "\x00"},
        {f"field{number}": "x" for number in range(101)},
    ],
)
def test_a_form_that_is_neither_command_nor_payload_is_400(
    made: dict[str, Any], frozen: FrozenClock, form: dict[str, str]
) -> None:
    request = slack(at=frozen.at, form=form)

    assert refusal(made, request) == (400, "bad_request")


def test_json_without_a_type_is_400(made: dict[str, Any], frozen: FrozenClock) -> None:
    assert refusal(made, slack({"a": 1}, at=frozen.at)) == (400, "bad_request")
