"""What Jira sends, and which event it becomes."""

from typing import Any

import pytest

from tests.integrations.payloads import JIRA_ISSUE
from tests.integrations.scenes import connect, deliver, event_of, events_of, refusal
from tests.integrations.senders import jira, milliseconds
from tests.support.api import Api
from tests.support.frozen import FrozenClock


def test_an_issue_carries_what_is_worth_routing_by(
    api: Api, frozen: FrozenClock
) -> None:
    made = connect(api, "jira")

    event = event_of(made, jira(at=frozen.at))

    assert event.event == {**JIRA_ISSUE, "timestamp": milliseconds(frozen.at)}
    assert event.meta == {
        "event_type": "jira.issue.updated",
        "integration_id": made["id"],
        "provider": "jira",
        "delivery_id": "1f2a3b4c5d",
        "project_key": "ENG",
        "issue": "ENG-7",
        "sender": "5b10a2844c20165700ede21g",
    }


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("jira:issue_created", "jira.issue.created"),
        ("jira:issue_deleted", "jira.issue.deleted"),
        ("comment_created", "jira.comment.created"),
        ("comment_updated", "jira.comment.updated"),
        ("issue_property_set", "jira.issue_property.set"),
        ("issuelink_created", "jira.issuelink.created"),
        ("jira:version_released", "jira.version.released"),
        ("project_soft_deleted", "jira.project.soft_deleted"),
        ("sprint_started", "jira.sprint.started"),
        ("app_accessed!", "jira.app.accessed"),
        ("reindex", "jira.reindex"),
    ],
)
def test_an_event_is_named_by_what_and_then_by_what_became_of_it(
    api: Api, frozen: FrozenClock, said: str, name: str
) -> None:
    request = jira({"webhookEvent": said}, at=frozen.at)

    assert event_of(connect(api, "jira"), request).event_type == name


@pytest.mark.parametrize("said", [None, "", 7, "jira:", "_", "!_!", "x_" + "y" * 128])
def test_a_delivery_that_names_no_event_is_400(
    api: Api, frozen: FrozenClock, said: Any
) -> None:
    request = jira({"webhookEvent": said}, at=frozen.at)

    assert refusal(connect(api, "jira"), request) == (400, "bad_request")


def test_a_delivery_that_jira_sends_again_after_an_hour_is_taken_once(
    api: Api, frozen: FrozenClock
) -> None:
    made = connect(api, "jira")
    late, seen = jira(at=frozen.at, id="late"), jira(at=frozen.at, id="seen")
    event_of(made, seen)

    frozen.tick(minutes=75)

    event_of(made, late)
    assert deliver(made, seen).json()["deduped"] is True
    assert len(events_of(made)) == 2


@pytest.mark.parametrize("apart", [7201, -301])
def test_an_event_of_another_time_is_refused(
    api: Api, frozen: FrozenClock, apart: int
) -> None:
    made = connect(api, "jira")
    request = jira(at=frozen.at)

    frozen.tick(seconds=apart)

    assert refusal(made, request) == (401, "stale_signature")


@pytest.mark.parametrize("at", ["now", 1.5e300, True, {}])
def test_an_instant_that_is_none_is_refused(
    api: Api, frozen: FrozenClock, at: Any
) -> None:
    request = jira({**JIRA_ISSUE, "timestamp": at}, at=None)

    assert refusal(connect(api, "jira"), request) == (401, "stale_signature")


def test_without_an_instant_the_identifier_alone_tells_a_repetition(
    api: Api, frozen: FrozenClock
) -> None:
    made = connect(api, "jira")

    for _ in range(2):
        deliver(made, jira(at=None))

    assert events_of(made) == ["jira.issue.updated"]
