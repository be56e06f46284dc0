"""Every model of ours has pages, and each of them opens on real rows."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from apps.jobs.models import Job
from apps.kernel.admin_sections import JSON_LENGTH_MAX, json_section
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.admin.conftest import MESSAGE, World, list_of, page_of

OURS = [model for model in apps.get_models() if model.__module__.startswith("apps.")]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_model_is_registered_listed_searched_and_shown(
    world: World, chief: Client, model: Any
) -> None:
    assert admin.site.is_registered(model)
    row = model.objects.order_by("pk").first()
    assert row is not None, "the world has one of everything"

    assert chief.get(list_of(model)).status_code == 200
    for word in ("x", str(row.pk), world.completed, "prin_01", 'a"b%_'):
        assert chief.get(list_of(model, q=word)).status_code == 200
    shown = chief.get(page_of(model, row.pk))
    assert shown.status_code == 200
    assert chief.get(page_of(model, row.pk, "history")).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_filter_of_every_list_answers(
    world: World, chief: Client, model: Any
) -> None:
    page = chief.get(list_of(model))
    tried = 0
    for one in page.context["cl"].filter_specs:
        queries = [
            choice["query_string"]
            for choice in one.choices(page.context["cl"])
            if "query_string" in choice
        ] or [
            f"?{name}={value}"
            for name in one.expected_parameters()
            for value in [key for key, _ in getattr(one, "lookup_choices", [])] or ["x"]
        ]
        for query in queries:
            assert chief.get(list_of(model) + query).status_code == 200
            tried += 1
    assert tried or not page.context["cl"].has_filters


def test_every_page_is_in_the_sidebar(world: World, chief: Client) -> None:
    page = chief.get("/admin/").content.decode()

    for model in OURS:
        assert f'href="{list_of(model)}"' in page


def test_the_page_of_a_run_shows_what_belongs_to_it(
    world: World, chief: Client
) -> None:
    done = chief.get(page_of(Run, world.completed)).content.decode()
    failed = chief.get(page_of(Run, world.failed)).content.decode()
    paused = chief.get(page_of(Run, world.paused)).content.decode()
    asking = chief.get(page_of(Run, world.asking)).content.decode()

    job = Job.objects.get(run_id=world.completed)
    assert page_of(Job, job.id) in done
    assert "&quot;pages&quot;: 3" in done
    assert "ünïcode.pdf" in done
    for title in ("Jobs", "Timeline", "Source events", "Spec", "Engine state"):
        assert f">{title}<" in done
    assert "run.completed" in done
    assert MESSAGE in failed
    assert ">Waits<" in paused
    assert "hurry" in paused
    assert "Approve the refund?" in asking
    for event in SourceEvent.objects.filter(run_id=world.completed):
        assert page_of(SourceEvent, event.id) in done


def test_the_links_of_a_runs_page_lead_to_its_rows(world: World, chief: Client) -> None:
    page = chief.get(page_of(Run, world.completed)).content.decode()
    links = re.findall(r'class="mb-more" href="([^"]+)"', page)

    assert len(links) == 3
    for link in links:
        listed = chief.get(link)
        assert listed.status_code == 200
        assert len(listed.context["cl"].result_list) > 0


def test_the_result_of_a_job_is_readable(world: World, chief: Client) -> None:
    job = Job.objects.get(run_id=world.completed)
    plain = Job.objects.get(run_id=world.failed)
    Job.objects.filter(id=plain.id).update(result=b"\xff not json")

    assert "&quot;pages&quot;: 3" in chief.get(page_of(Job, job.id)).content.decode()
    assert "not json" in chief.get(page_of(Job, plain.id)).content.decode()


def test_long_json_is_cut_and_says_so() -> None:
    section = json_section("State", ["x" * 100] * 1000)

    assert len(section.text) == JSON_LENGTH_MAX
    assert f"the first {JSON_LENGTH_MAX:,} of" in section.note


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_no_row_is_deleted_in_bulk_and_what_services_write_takes_no_form(
    world: World, chief: Client, model: Any
) -> None:
    row = model.objects.order_by("pk").first()
    form = {"action": "delete_selected", "_selected_action": [row.pk], "index": "0"}
    chief.post(list_of(model), {**form, "post": "yes"})
    assert model.objects.filter(pk=row.pk).exists()

    if model._meta.app_label == "identity":
        return
    assert chief.post(page_of(model, row.pk), {"status": "failed"}).status_code == 403
    assert chief.post(page_of(model, row.pk, "delete")).status_code == 403


def test_nothing_is_fetched_from_another_host(world: World, chief: Client) -> None:
    for address in ("/admin/", list_of(Run), page_of(Run, world.failed)):
        page = chief.get(address).content.decode()
        assert 'href="/static/mobius/admin.css' in page
        fetched = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', page)
        assert fetched
        assert [one for one in fetched if not one.startswith("/")] == []
