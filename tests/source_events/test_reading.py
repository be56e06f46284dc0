"""Lists, filters and single events: public ones of the project only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.api.rendering import instant
from apps.identity.models import Project
from apps.source_events.models import SourceEvent
from apps.source_events.selectors import public_events_since
from apps.source_events.services.append import Fact, append_facts
from tests.support.api import Api
from tests.support.drive import b64, claim, dispatch_all
from tests.support.frozen import NOON
from tests.support.specs import ONE_STEP

pytestmark = pytest.mark.django_db

PUBLISHED = (
    "run.completed",
    "run.failed",
    "run.resume",
    "custom.a",
    "custom.a.b",
    "custom.ab.c",
    "signal.go",
)


def append(project: Project, *names: str, **more: Any) -> list[str]:
    """Append facts a second apart, the first at noon; return their ids."""
    ids = []
    for number, name in enumerate(names):
        fact = Fact(project.id, name, "loop_run", **{"settled": None, **more})
        now = NOON + timedelta(seconds=number)
        ids.append(append_facts([fact], now=now)[0].id)
    return ids


def types(api: Api, **query: str) -> list[str]:
    """The types of the events listed, oldest first."""
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    answer = api.get(f"source-events?{parameters}")
    assert answer.status_code == 200, answer.json()
    return [item["event_type"] for item in reversed(answer.json()["items"])]


def test_public_events_are_listed_and_internal_ones_are_not(
    api: Api, project: Project
) -> None:
    append(project, *PUBLISHED)
    assert types(api) == [name for name in PUBLISHED if name != "run.resume"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("run.completed", ["run.completed"]),
        ("run.*", ["run.completed", "run.failed"]),
        ("custom.a", ["custom.a"]),
        ("custom.a.*", ["custom.a.b"]),
        ("custom.*", ["custom.a", "custom.a.b", "custom.ab.c"]),
        ("signal.*", ["signal.go"]),
        ("table.*", []),
    ],
)
def test_a_type_or_everything_below_a_prefix_can_be_asked_for(
    api: Api, project: Project, pattern: str, found: list[str]
) -> None:
    append(project, *PUBLISHED)
    assert types(api, event_type=pattern) == found


def test_sources_kinds_and_instants_can_be_asked_for(
    api: Api, project: Project
) -> None:
    append(project, "custom.a", source_id="order_1")
    append(project, "custom.b", "custom.c", source_id="order_2")

    assert types(api, source_id="order_2") == ["custom.b", "custom.c"]
    assert types(api, source_kind="loop_run", event_type="custom.a") == ["custom.a"]
    assert types(api, source_kind="custom") == []
    assert types(api, created_after=instant(NOON) or "") == ["custom.c"]


def test_the_events_of_a_run_are_those_that_tell_of_it(
    api: Api, project: Project
) -> None:
    run_id = api.post("runs", {"spec": ONE_STEP}).json()["id"]
    other = api.post("runs", {"spec": ONE_STEP}).json()["id"]
    dispatch_all()
    for sent in (run_id, other):
        api.post(f"runs/{sent}/signals", {"name": f"to-{sent == run_id}"})
    for _ in range(2):
        job = claim(project.id)
        assert job is not None
        body = {"worker_id": "w1", "attempt": job["attempt"], "result_b64": b64(1)}
        api.post(f"jobs/{job['job_id']}/complete", {**body, "status": "completed"})
    dispatch_all()

    assert types(api, run_id=run_id) == ["signal.to-True", "run.completed"]
    ended = api.get(f"source-events?run_id={run_id}&event_type=run.*").json()["items"]
    assert [item["source_id"] for item in ended] == [run_id]
    assert ended[0]["source_kind"] == "loop_run"
    assert ended[0]["meta"]["run_id"] == run_id
    assert SourceEvent.objects.get(id=ended[0]["id"]).dispatched_at is not None


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("event_type=run.resume", "event_type"),
        ("event_type=nothing", "event_type"),
        ("event_type=*", "event_type"),
        ("created_after=yesterday", "created_after"),
        ("created_after=2026-01-01T00:00:00", "created_after"),
        ("source_id=a%00b", "source_id"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_a_wrong_filter_is_named(api: Api, query: str, path: str) -> None:
    answer = api.get(f"source-events?{query}")

    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["path"] == path


def test_pages_show_every_event_once_newest_first(api: Api, project: Project) -> None:
    ids = append(project, *(f"custom.n{number}" for number in range(7)))
    facts = [Fact(project.id, "custom.same", "x", settled=None) for _ in range(4)]
    same = [one.id for one in append_facts(facts, now=NOON - timedelta(hours=1))]

    seen: list[str] = []
    page = api.get("source-events?limit=3").json()
    while True:
        seen += [item["id"] for item in page["items"]]
        if not page["has_more"]:
            break
        page = api.get(f"source-events?limit=3&cursor={page['next_cursor']}").json()
    assert seen == [*reversed(ids), *sorted(same, reverse=True)]


def test_an_internal_or_unknown_event_is_not_found(api: Api, project: Project) -> None:
    for id_ in (*append(project, "run.resume"), "sevt_nobody", "x"):
        assert api.get(f"source-events/{id_}").status_code == 404


@pytest.mark.parametrize("path", ["source-events", "source-events/{}"])
def test_these_roles_may_read(
    project: Project, api_as: Callable[[str], Api], stranger: Api, path: str
) -> None:
    path = path.format(*append(project, "custom.a"))

    for role in ("Owner", "Editor", "Operator", "Viewer"):
        assert api_as(role).get(path).status_code == 200
    assert api_as("Worker").get(path).status_code == 403
    assert stranger.get(f"/v1/projects/{project.handle}/{path}").status_code == 404


def test_another_projects_events_are_not_ours(project: Project, stranger: Api) -> None:
    (id_,) = append(project, "custom.a")

    assert types(stranger) == []
    assert stranger.get(f"source-events/{id_}").status_code == 404


def test_who_looks_back_gets_the_oldest_first(project: Project) -> None:
    append(project, "custom.a", source_id="order_1")
    append(project, "run.resume", "custom.b", "custom.c", "custom.d")
    since = NOON + timedelta(seconds=2)

    def found(pattern: str, **more: Any) -> list[str]:
        rows = public_events_since(
            project.id, pattern, more.pop("since", NOON), limit=9, **more
        )
        return [row.event_type for row in rows]

    assert found("custom.*") == ["custom.a", "custom.b", "custom.c", "custom.d"]
    assert found("custom.*", since=since) == ["custom.c", "custom.d"]
    assert found("custom.*", source_id="order_1") == ["custom.a"]
    assert found("custom.c") == ["custom.c"]
    assert found("run.*") == []
    limited = public_events_since(project.id, "custom.*", NOON, limit=2)
    assert [row.event_type for row in limited] == ["custom.a", "custom.b"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "source_event_public"),
        ("event_type=custom.n7", "source_event_public_type"),
        ("event_type=custom.n7.*", "source_event_public_type"),
        ("source_id=order_7", "source_event_public_source"),
        ("run_id=run_7", "source_event_public_run"),
    ],
)
def test_every_filter_has_its_index(
    api: Api, project: Project, query: str, index: str
) -> None:
    facts = [
        Fact(
            project.id,
            f"custom.n{number % 500}",
            "custom",
            source_id=f"order_{number}",
            run_id=f"run_{number}",
            settled=True,
        )
        for number in range(3000)
    ]
    append_facts(facts, now=NOON)
    with CaptureQueriesContext(connection) as asked:
        types(api, **dict([query.split("=")] if query else []))
    (statement,) = (
        one["sql"]
        for one in asked
        if one["sql"].startswith('SELECT "source_events_sourceevent"')
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE source_events_sourceevent")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f" {index} " in f"{plan} ".replace("\n", " "), plan
    assert "Seq Scan" not in plan
