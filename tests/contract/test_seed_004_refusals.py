"""The event catalog: what must not be authored, and names with and without wildcard."""

from typing import Any

import pytest

from apps.identity.models import Project
from tests.contract.authoring import TRIGGER_PLACES, WAIT_PLACES, trigger_on, wait_for
from tests.contract.event_tables import INTEGRATION, INTERNAL
from tests.contract.happenings import ok, work
from tests.integrations.payloads import PULL_REQUEST
from tests.integrations.scenes import connect, deliver
from tests.integrations.senders import github
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import ONE_STEP, spec

internal = pytest.mark.parametrize("event_type", INTERNAL)
#: What to use instead, where the catalog says so.
INSTEAD = {
    "loop.schedule.tick": "add a schedule trigger",
    "schedule.tick": "add a schedule trigger",
    "loop.http_trigger.received": "add an http trigger",
}
MISPLACED = (
    "github.*.opened",
    "github.*.*",
    "*",
    "github*",
    "github.pull_*",
    "*.opened",
)


def refusal(answer: Any) -> str:
    assert answer.status_code == 400, answer.content
    return str(answer.json()["message"])


@internal
@pytest.mark.parametrize("place", TRIGGER_PLACES)
def test_an_internal_event_triggers_nothing(
    api: Api, event_type: str, place: str
) -> None:
    told = refusal(TRIGGER_PLACES[place](api, event_type))

    assert f"{event_type} cannot be used here, it is internal" in told
    assert INSTEAD.get(event_type, "") in told


@internal
@pytest.mark.parametrize("place", WAIT_PLACES)
def test_an_internal_event_is_waited_for_nowhere(
    api: Api, event_type: str, place: str
) -> None:
    told = refusal(WAIT_PLACES[place](api, event_type))

    assert f"{event_type} cannot be used here, it is internal" in told


@pytest.mark.parametrize("pattern", ["loop.*", "loop_run.*", "schedule.*"])
def test_a_wildcard_over_internal_events_alone_is_refused(
    api: Api, pattern: str
) -> None:
    for ask in (*TRIGGER_PLACES.values(), *WAIT_PLACES.values()):
        assert "internal" in refusal(ask(api, pattern))


def test_a_wildcard_does_not_reach_internal_events(api: Api, project: Project) -> None:
    trigger = ok(trigger_on(api, "run.*"), 201)
    heard = ok(api.post("runs", {"spec": spec(wait_for("run.*"))}))["id"]
    dispatch_all()
    started = ok(api.post("runs", {"spec": ONE_STEP, "queue": "mine"}))["id"]
    dispatch_all()
    path = f"runs?trigger_id={trigger['id']}"

    assert ok(api.get(path), 200)["items"] == []
    assert ok(api.get(f"runs/{heard}"), 200)["status"] == "suspended"

    work(api, project)
    fires = ok(api.get(path), 200)["items"]
    result = ok(api.get(f"runs/{heard}"), 200)["result"]
    assert (result["event_type"], result["source_id"]) == ("run.completed", started)
    assert len(fires) == 2  # the run that was started, and the one that waited


def test_internal_events_are_not_among_those_that_are_shown(
    api: Api, project: Project
) -> None:
    ok(api.post("runs", {"spec": ONE_STEP}))
    dispatch_all()
    work(api, project)

    shown = ok(api.get("source-events"), 200)["items"]
    listed = [
        each["name"]
        for source in ok(api.get("catalog/events"), 200)["items"]
        for each in source["event_types"]
    ]

    assert [event["event_type"] for event in shown] == ["run.completed"]
    assert not set(INTERNAL) & set(listed)


# --- Integration events ---------------------------------------------------------


@pytest.mark.parametrize("name", INTEGRATION)
@pytest.mark.parametrize("place", [*TRIGGER_PLACES, *WAIT_PLACES])
def test_a_providers_event_is_taken_by_its_name_and_by_a_prefix(
    api: Api, name: str, place: str
) -> None:
    ask = {**TRIGGER_PLACES, **WAIT_PLACES}[place]
    provider = name.partition(".")[0]

    assert ask(api, name).status_code in (201, 202)
    assert ask(api, f"{provider}.*").status_code in (201, 202)


@pytest.mark.parametrize("pattern", MISPLACED)
@pytest.mark.parametrize("place", [*TRIGGER_PLACES, *WAIT_PLACES])
def test_a_wildcard_stands_alone_at_the_end(api: Api, pattern: str, place: str) -> None:
    told = refusal({**TRIGGER_PLACES, **WAIT_PLACES}[place](api, pattern))

    assert "one trailing wildcard" in told or "is no event type" in told


def test_the_example_hears_every_event_below_its_prefix_and_no_other(
    api: Api,
) -> None:
    below, exact = (
        ok(trigger_on(api, name), 201)["id"]
        for name in ("github.pull_request.*", "github.pull_request.opened")
    )
    github_app = connect(api)

    for event, action in (
        ("pull_request", "opened"),
        ("pull_request", "closed"),
        ("issues", "opened"),
    ):
        body = {**PULL_REQUEST, "action": action}
        sent = github(body, event=event, id=f"{event}-{action}")
        assert deliver(github_app, sent).status_code in (200, 202)
        dispatch_all()

    def heard(trigger: str) -> list[str]:
        runs = ok(api.get(f"runs?trigger_id={trigger}"), 200)["items"]
        shown = [ok(api.get(f"runs/{run['id']}"), 200) for run in runs]
        return sorted(run["inputs"]["meta"]["event_type"] for run in shown)

    assert heard(exact) == ["github.pull_request.opened"]
    assert heard(below) == ["github.pull_request.closed", "github.pull_request.opened"]


def test_the_catalogue_says_which_providers_are_active_here(api: Api) -> None:
    def readiness() -> dict[str, str]:
        sources = ok(api.get("catalog/events"), 200)["items"]
        return {
            each["prefix"]: each["readiness"]
            for each in sources
            if each["kind"] == "integration"
        }

    assert set(readiness().values()) == {"needs_setup"}
    connect(api)
    assert readiness().pop("github") == "ready"
