"""What Linear sends, and which event it becomes."""

from typing import Any

import pytest

from tests.integrations.payloads import LINEAR_ISSUE
from tests.integrations.scenes import connect, event_of, refusal
from tests.integrations.senders import json_of, linear, milliseconds
from tests.support.api import Api
from tests.support.frozen import FrozenClock


def test_an_issue_carries_what_is_worth_routing_by(
    api: Api, frozen: FrozenClock
) -> None:
    made = connect(api, "linear")

    event = event_of(made, linear(at=frozen.at))

    sent_at = milliseconds(frozen.at)
    assert event.event == {**LINEAR_ISSUE, "webhookTimestamp": sent_at}
    assert event.meta == {
        "event_type": "linear.issue.updated",
        "integration_id": made["id"],
        "provider": "linear",
        "delivery_id": "234d1a4e-b617-4388-90fe-adc3633d6b72",
        "organization_id": LINEAR_ISSUE["organizationId"],
        "team_id": LINEAR_ISSUE["data"]["teamId"],
        "team_key": "ENG",
        "issue": "ENG-7",
        "sender": LINEAR_ISSUE["actor"]["id"],
    }


@pytest.mark.parametrize(
    ("kind", "action", "name"),
    [
        ("Issue", "create", "linear.issue.created"),
        ("Comment", "remove", "linear.comment.removed"),
        ("IssueLabel", "update", "linear.issue_label.updated"),
        ("ProjectUpdate", "create", "linear.project_update.created"),
        ("IssueSLA", "highRisk", "linear.issue_sla.high_risk"),
        ("AgentSessionEvent", "prompted", "linear.agent_session_event.prompted"),
    ],
)
def test_types_are_in_snake_case_and_verbs_in_the_past(
    api: Api, frozen: FrozenClock, kind: str, action: str, name: str
) -> None:
    payload = {"type": kind, "action": action}

    event = event_of(connect(api, "linear"), linear(payload, at=frozen.at))

    assert event.event_type == name


@pytest.mark.parametrize("apart", [-60, 60])
def test_a_minute_is_near_enough(api: Api, frozen: FrozenClock, apart: int) -> None:
    made = connect(api, "linear")
    request = linear(at=frozen.at)

    frozen.tick(seconds=apart)

    event_of(made, request)


@pytest.mark.parametrize("apart", [-61, 60.001, 3600, -(10**6)])
def test_a_delivery_of_another_time_is_refused(
    api: Api, frozen: FrozenClock, apart: float
) -> None:
    made = connect(api, "linear")
    request = linear(at=frozen.at)

    frozen.tick(seconds=apart)

    assert refusal(made, request) == (401, "stale_signature")


@pytest.mark.parametrize("at", [None, "1777896000000", True, [], 10**30, -(10**30)])
def test_a_delivery_must_say_when_it_was_sent(
    api: Api, frozen: FrozenClock, at: Any
) -> None:
    body = json_of({**LINEAR_ISSUE, "webhookTimestamp": at})

    answer = refusal(connect(api, "linear"), linear(at=frozen.at, body=body))

    assert answer == (401, "stale_signature")


@pytest.mark.parametrize(
    "odd", [{"type": None}, {"action": None}, {"type": 7}, {"type": "!"}]
)
def test_a_delivery_without_type_or_action_is_400(
    api: Api, frozen: FrozenClock, odd: dict[str, Any]
) -> None:
    request = linear({**LINEAR_ISSUE, **odd}, at=frozen.at)

    assert refusal(connect(api, "linear"), request) == (400, "bad_request")
