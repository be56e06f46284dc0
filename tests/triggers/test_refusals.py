"""Triggers that are refused, each by the field that is wrong."""

from typing import Any

import pytest

from apps.triggers.models import Trigger
from tests.support.api import Api
from tests.triggers.scenes import Body, create


def event(**config: Any) -> Body:
    return {"kind": "event", "source_config": config}


def schedule(**config: Any) -> Body:
    return {"kind": "schedule", "source_config": config}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "kind"),
        ({"kind": "cron"}, "kind"),
        ({"kind": "manual", "name": ""}, "name"),
        ({"kind": "manual", "name": "x" * 129}, "name"),
        ({"kind": "manual", "color": "red"}, "color"),
        ({"kind": "manual", "enabled": "yes"}, "enabled"),
        ({"kind": "manual", "targets": []}, "targets"),
        ({"kind": "manual", "targets": None}, "targets"),
        ({"kind": "manual", "targets": ["build"]}, "targets[0]"),
        ({"kind": "manual", "targets": [{}]}, "targets[0].workflow_id"),
        (
            {"kind": "manual", "targets": [{"workflow_id": "nope"}]},
            "targets[0].workflow_id",
        ),
        (
            {"kind": "manual", "targets": [{"workflow_id": "build", "x": 1}]},
            "targets[0].x",
        ),
        (
            {
                "kind": "manual",
                "targets": [{"workflow_id": "build", "condition": "event ="}],
            },
            "targets[0].condition",
        ),
        (
            {
                "kind": "manual",
                "targets": [{"workflow_id": "build", "input_mapping": {"sha": "$.a["}}],
            },
            "targets[0].input_mapping.sha",
        ),
        (
            {
                "kind": "manual",
                "targets": [
                    {"workflow_id": "build", "input_mapping": {"sha": "${run.id}"}}
                ],
            },
            "targets[0].input_mapping.sha",
        ),
        (
            {
                "kind": "manual",
                "targets": [{"workflow_id": "build", "input_mapping": {"sah": "$.a"}}],
            },
            "targets[0].input_mapping.sah",
        ),
        ({"kind": "manual", "targets": [{"workflow_id": "build"}] * 21}, "targets"),
        ({"kind": "manual", "concurrency_policy": "maybe"}, "concurrency_policy"),
        ({"kind": "manual", "max_concurrent_runs": 0}, "max_concurrent_runs"),
        ({"kind": "manual", "source_config": {"cron": "x"}}, "source_config.cron"),
        ({"kind": "manual", "filter_config": {"if": "x"}}, "filter_config.if"),
        (
            {"kind": "manual", "filter_config": {"condition": "step.x"}},
            "filter_config.condition",
        ),
        ({"kind": "manual", "webhook_handle": "abc"}, "webhook_handle"),
        ({"kind": "manual", "webhook_secret": "abc"}, "webhook_secret"),
        ({"kind": "webhook", "webhook_handle": "a/b"}, "webhook_handle"),
        ({"kind": "webhook", "webhook_handle": "ab"}, "webhook_handle"),
        (schedule(), "source_config.cron"),
        (schedule(cron="* * * * *", interval="5m"), "source_config.cron"),
        (schedule(cron="* * *"), "source_config.cron"),
        (schedule(cron="61 * * * *"), "source_config.cron"),
        (schedule(interval="soon"), "source_config.interval"),
        (schedule(interval="10ms"), "source_config.interval"),
        (schedule(cron="@daily", timezone="Mars"), "source_config.timezone"),
        (schedule(cron="@daily", missed="never"), "source_config.missed"),
        (event(), "source_config.event_type"),
        (event(event_type="custom.a", condition="a b"), "source_config.condition"),
        (event(event_type="custom.a", match={}), "source_config.match"),
    ],
)
def test_a_malformed_trigger_is_refused_by_field(
    api: Api, build: str, body: Body, path: str
) -> None:
    whole = {"name": "made", "targets": [{"workflow_id": build}], **body}

    answer = api.post("triggers", whole)

    assert answer.status_code == 400, answer.json()
    assert [one["path"] for one in answer.json()["details"]["fields"]] == [path]
    assert Trigger.objects.count() == 0


@pytest.mark.parametrize(
    ("event_type", "words"),
    [
        ("interaction.resolved", "interaction.resolved cannot be used here"),
        ("signal.go", "signal.go cannot be used here"),
        ("signal.*", "signal.* cannot be used here"),
        ("schedule.tick", "add a schedule trigger"),
        ("loop.schedule.tick", "add a schedule trigger"),
        ("loop.http_trigger.received", "add an http trigger"),
        ("loop.run_allocation.completed", "use run.completed"),
        ("loop.run_allocation.failed", "it is internal"),
        ("loop_run.continue", "it is internal"),
        ("loop_run.resume", "it is internal"),
        ("run.progress_initial", "it is internal"),
        ("run.resume", "it is internal"),
        ("interaction.http_subscriber.dispatch", "it is internal"),
        ("trigger.due", "it is internal"),
        ("job.claimed", "it is internal"),
        ("interaction.*", "cannot be used here"),
        ("run.finished", "is it run."),
        ("*", "one trailing wildcard"),
        ("custom.*.made", "one trailing wildcard"),
        ("Custom.Made", "no event type"),
    ],
)
def test_an_event_type_that_starts_nothing_is_refused_in_words(
    api: Api, build: str, event_type: str, words: str
) -> None:
    body = {
        "name": "made",
        "targets": [{"workflow_id": build}],
        **event(event_type=event_type),
    }

    answer = api.post("triggers", body)

    assert answer.status_code == 400
    (problem,) = answer.json()["details"]["fields"]
    assert problem["path"] == "source_config.event_type"
    assert words in problem["message"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"kind": "event"}, "kind"),
        ({"source_config": {"cron": "x"}}, "source_config.cron"),
        ({"targets": []}, "targets"),
        ({"webhook_secret": "s"}, "webhook_secret"),
        ({"next_fire_at": "2030-01-01T00:00:00Z"}, "next_fire_at"),
    ],
)
def test_a_malformed_change_is_refused_by_field(
    api: Api, body: Body, path: str
) -> None:
    made = create(api, "schedule", source_config={"interval": "1h"})

    answer = api.patch(f"triggers/{made['id']}", body)

    assert answer.status_code == 400
    assert [one["path"] for one in answer.json()["details"]["fields"]] == [path]
    assert api.get(f"triggers/{made['id']}").json() == made
