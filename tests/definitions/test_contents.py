"""What is wrong around the steps is named, all of it, where it stands."""

from typing import Any

import pytest

from tests.definitions.scenes import automation, heard, hook, linear, problems, step
from tests.support.api import Api

LIMITS: list[tuple[dict[str, Any], str]] = [
    ({"budget_usd": -1}, "limits.budget_usd"),
    ({"budget_usd": "1"}, "limits.budget_usd"),
    ({"budget_usd": 1, "credit_budget": 100}, "limits.budget_usd"),
    ({"daily_budget_usd": 1, "daily_credit_budget": 1}, "limits.daily_budget_usd"),
    ({"credit_budget": 0}, "limits.credit_budget"),
    ({"max_agent_turns": 1.5}, "limits.max_agent_turns"),
    ({"wall_clock_timeout": "soon"}, "limits.wall_clock_timeout"),
    (
        {"pause_after_consecutive_failures": 0},
        "limits.pause_after_consecutive_failures",
    ),
    ({"max_steps": 3}, "limits.max_steps"),
]
OTHERS: list[tuple[dict[str, Any], str]] = [
    ({"schema_version": "3"}, "schema_version"),
    ({"run_name": {}}, "run_name.template"),
    ({"run_name": {"template": "x", "colour": "red"}}, "run_name.colour"),
    ({"defaults": {"environment": 1}}, "defaults.environment"),
    ({"defaults": {"wall_clock_timeout": "1h"}}, "defaults.wall_clock_timeout"),
    ({"repositories": ["acme/api"]}, "repositories[0]"),
    ({"repositories": [{"source": "copied"}]}, "repositories[0].source"),
    ({"repositories": [{"id": 1.5}]}, "repositories[0].id"),
    ({"repositories": [{"url": "x"}]}, "repositories[0].url"),
]
TRIGGERS: list[tuple[dict[str, Any], str]] = [
    ({}, "kind"),
    ({"kind": "cron"}, "kind"),
    ({"kind": "schedule"}, "config.cron"),
    ({"kind": "schedule", "config": {"cron": "* * *"}}, "config.cron"),
    (
        {"kind": "schedule", "config": {"cron": "@daily", "interval": "1h"}},
        "config.cron",
    ),
    (
        {"kind": "schedule", "config": {"cron": "@daily", "timezone": "Mars"}},
        "config.timezone",
    ),
    ({"kind": "event"}, "config.event_type"),
    ({"kind": "event", "config": {"event_type": "a.*.b"}}, "config.event_type"),
    (heard("interaction.resolved"), "config.event_type"),
    (heard("signal.go"), "config.event_type"),
    (heard("loop.schedule.tick"), "config.event_type"),
    (
        {"kind": "event", "config": {"event_type": "custom.a", "condition": "1 +"}},
        "config.condition",
    ),
    ({"kind": "manual", "config": {"cron": "@daily"}}, "config.cron"),
    (hook("no spaces"), "config.http_handle"),
    ({"kind": "http", "config": {"secret": "s"}}, "config.secret"),
    ({"kind": "manual", "enabled": "yes"}, "enabled"),
    ({"kind": "manual", "concurrency_policy": "forbid"}, "concurrency_policy"),
    ({"kind": "manual", "max_concurrent_runs": 0}, "max_concurrent_runs"),
    ({"kind": "manual", "targets": []}, "targets"),
]


@pytest.mark.parametrize(("sent", "path"), LIMITS)
def test_limits_that_cannot_be_kept_are_refused(
    api: Api, sent: dict[str, Any], path: str
) -> None:
    body = {"name": "a", "steps": [step()], "limits": sent}

    assert problems(api.post("loops", body)).keys() == {path}


@pytest.mark.parametrize(("sent", "path"), OTHERS)
def test_what_stands_around_the_steps_is_checked(
    api: Api, sent: dict[str, Any], path: str
) -> None:
    body = {"name": "a", "steps": [step()], **sent}

    assert problems(api.post("loops", body)).keys() == {path}


@pytest.mark.parametrize(("trigger", "path"), TRIGGERS)
def test_a_problem_of_a_trigger_is_named_where_it_stands(
    api: Api, trigger: dict[str, Any], path: str
) -> None:
    automation(api)
    good = {"kind": "manual"}

    spec = {"spec": linear(good, trigger)}
    found = problems(api.post("automations/nightly/versions", spec))
    assert found.keys() == {f"spec.triggers[1].{path}"}
    body = {"name": "a", "steps": [step()], "triggers": [good, trigger]}
    assert problems(api.post("loops", body)).keys() == {f"triggers[1].{path}"}


def test_a_type_that_cannot_start_runs_says_what_to_do_instead(api: Api) -> None:
    body = {"name": "a", "steps": [step()], "triggers": [heard("signal.go")]}

    (message,) = problems(api.post("loops", body)).values()

    assert "wait_for_event" in message


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        ({"key": "k"}, {"key": "k"}, "key"),
        ({"name": "One Two"}, {"key": "one-two"}, "key"),
        ({}, {"key": "manual-1"}, "key"),
    ],
)
def test_the_keys_of_a_block_differ(
    api: Api, first: dict[str, Any], second: dict[str, Any], path: str
) -> None:
    block = [{"kind": "manual", **first}, {"kind": "manual", **second}]
    body = {"name": "a", "steps": [step()], "triggers": block}

    assert problems(api.post("loops", body)).keys() == {f"triggers[1].{path}"}


def test_the_addresses_of_a_block_differ(api: Api) -> None:
    block = [hook("deploy"), hook("deploy")]
    body = {"name": "a", "steps": [step()], "triggers": block}

    found = problems(api.post("loops", body))
    assert found.keys() == {"triggers[1].config.http_handle"}


def test_every_problem_is_told_at_once(api: Api) -> None:
    automation(api)
    spec = linear(heard("signal.go"), "later", steps=[{"key": "a"}])
    body = {"spec": {**spec, "defaults": 1, "colour": "red"}, "plan": {}}

    found = problems(api.post("automations/nightly/versions", body))

    assert found.keys() >= {
        "plan",
        "spec.colour",
        "spec.defaults",
        "spec.triggers[0].config.event_type",
        "spec.triggers[1]",
    }
    assert any(path.startswith("spec.steps") for path in found)
    refused = api.post("automations/nightly/versions", {"spec": body["spec"]}).json()
    assert refused["code"] == "invalid_spec"
    assert refused["details"]["path"].startswith("spec.")


def test_a_spec_of_an_automation_is_closed(api: Api) -> None:
    automation(api)

    for field in ("event", "limits", "run_name"):
        spec = {**linear(), field: {}}
        found = problems(api.post("automations/nightly/versions", {"spec": spec}))
        assert found.keys() == {f"spec.{field}"}


def test_a_loop_with_problems_around_and_inside_lists_both(api: Api) -> None:
    body = {"tags": {"a": 1}, "steps": [step()], "triggers": [{"kind": "x"}]}

    found = problems(api.post("loops", body))

    assert found.keys() == {"name", "tags.a", "triggers[0].kind"}


def test_nothing_is_left_of_what_is_refused(api: Api) -> None:
    automation(api)
    api.post("automations/nightly/versions", {"spec": linear({"kind": "x"})})
    api.post("loops", {"name": "a", "steps": [step()], "triggers": [{"kind": "x"}]})

    assert api.get("automations/nightly").json()["latest_version"] == 0
    assert api.get("loops").json()["items"] == []
