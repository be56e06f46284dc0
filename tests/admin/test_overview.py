"""The first page: the figures are right, linked, few queries, and only for those who
may see them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.jobs.models import Worker
from apps.kernel import clock
from apps.ops import overview
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.admin.conftest import MESSAGE, World, page_of


def figures(client: Client) -> dict[str, str]:
    """The figures of the page by their labels."""
    page = client.get("/admin/")
    assert page.status_code == 200
    return {
        f"{panel.title}: {figure.label}": figure.value
        for panel in page.context["panels"]
        for figure in panel.figures
    }


def test_the_figures_are_what_the_rows_say(world: World, chief: Client) -> None:
    shown = figures(chief)

    hour = "Runs started in the last hour"
    assert shown[f"{hour}: completed"] == "2"
    assert shown[f"{hour}: failed"] == "1"
    assert shown[f"{hour}: suspended"] == "2"
    assert shown[f"{hour}: running"] == "1"
    assert shown[f"{hour}: cancelled"] == "0"
    assert shown["Source events: failing"] == "1"
    assert shown["Source events: oldest due for"] != "none"
    assert (shown["Workers: online"], shown["Workers: stale"]) == ("1", "0")
    assert (shown["Open waits: pause"], shown["Open waits: interaction"]) == ("1", "1")
    assert shown["Interactions: pending"] == "1"


def test_a_silent_worker_is_stale_and_forgotten_after_a_day(
    world: World, chief: Client
) -> None:
    Worker.objects.update(last_seen_at=clock.now() - timedelta(minutes=10))
    assert figures(chief)["Workers: stale"] == "1"

    Worker.objects.update(last_seen_at=clock.now() - timedelta(days=2))
    assert figures(chief)["Workers: stale"] == "0"


def test_timers_are_neither_due_nor_late(world: World, chief: Client) -> None:
    SourceEvent.objects.filter(id=world.failing_event).delete()
    SourceEvent.objects.filter(dispatched_at=None).update(
        due_at=clock.now() + timedelta(days=1)
    )

    shown = figures(chief)
    assert shown["Source events: due now"] == "0"
    assert shown["Source events: oldest due for"] == "none"


def test_queues_and_failures_are_named_and_linked(world: World, chief: Client) -> None:
    page = chief.get("/admin/").content.decode()

    assert "queue=default&amp;status=claimed" in page
    assert page_of(Run, world.failed) in page
    assert MESSAGE in page


def test_every_link_of_the_page_opens(world: World, chief: Client) -> None:
    page = chief.get("/admin/").content.decode()
    links = set(re.findall(r'href="(/admin/[^"]*)"', page))

    assert len(links) > 30
    for link in links - {"/admin/logout/"}:
        assert chief.get(link.replace("&amp;", "&")).status_code in (200, 302)


def test_the_page_asks_few_questions_however_many_rows(
    world: World, chief: Client
) -> None:
    chief.get("/admin/")
    with CaptureQueriesContext(connection) as asked:
        chief.get("/admin/")

    assert len(asked) <= 11


def test_no_figure_looks_at_more_rows_than_its_bound(
    world: World, chief: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "ROWS_MAX", 2)

    assert sum(overview.runs_by_status(now=clock.now()).values()) == 2
    assert sum(overview.open_waits().values()) == 2
    assert overview.latest_failures(limit=9) == []


def test_who_may_see_jobs_only_sees_only_them(
    world: World, staff: Callable[..., Client]
) -> None:
    page = staff("view_job").get("/admin/")

    assert page.context["panels"] == []
    assert [section.title for section in page.context["sections"]] == ["Queues"]
    assert MESSAGE not in page.content.decode()
