"""How long a project keeps what is over: over the API and in the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from apps.identity.models import KEEP_DAYS_MAX, Project
from mobius.settings import environment
from tests.support.api import Api

pytestmark = pytest.mark.django_db

DEFAULTS = {
    "keep_runs_days": 90,
    "keep_run_events_days": 90,
    "keep_source_events_days": 30,
}
UNSAID = dict.fromkeys(DEFAULTS)


def test_a_project_that_says_nothing_has_the_servers_ages(api: Api) -> None:
    assert api.get("retention").json() == {**UNSAID, "in_force": DEFAULTS}


def test_ages_are_set_one_by_one_and_taken_back_with_null(api: Api) -> None:
    changed = api.patch("retention", {"keep_runs_days": 400})
    assert changed.status_code == 200
    assert changed.json()["in_force"]["keep_runs_days"] == 400

    api.patch("retention", {"keep_run_events_days": 7, "keep_source_events_days": 1})
    assert api.get("retention").json() == {
        "keep_runs_days": 400,
        "keep_run_events_days": 7,
        "keep_source_events_days": 1,
        "in_force": {
            "keep_runs_days": 400,
            "keep_run_events_days": 7,
            "keep_source_events_days": 1,
        },
    }
    back = api.patch("retention", dict.fromkeys(DEFAULTS)).json()
    assert back == {**UNSAID, "in_force": DEFAULTS}
    assert api.patch("retention", {}).json() == back


def test_a_timeline_is_in_force_no_longer_than_its_run(api: Api) -> None:
    said = api.patch("retention", {"keep_runs_days": 5, "keep_run_events_days": 50})

    assert said.json()["keep_run_events_days"] == 50
    assert said.json()["in_force"]["keep_run_events_days"] == 5


@pytest.mark.parametrize("field", list(DEFAULTS))
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0, f"expected a number from 1 to {KEEP_DAYS_MAX}"),
        (-3, f"expected a number from 1 to {KEEP_DAYS_MAX}"),
        (KEEP_DAYS_MAX + 1, f"expected a number from 1 to {KEEP_DAYS_MAX}"),
        ("9", "expected a whole number"),
        (1.5, "expected a whole number"),
        (True, "expected a whole number"),
    ],
)
def test_what_is_no_number_of_days_is_refused_by_name(
    api: Api, field: str, value: Any, message: str
) -> None:
    refused = api.patch("retention", {field: value, "other": 1})

    assert refused.status_code == 400
    assert refused.json()["details"]["fields"] == [
        {"path": field, "message": message},
        {"path": "other", "message": "unknown field"},
    ]
    assert api.get("retention").json()["in_force"] == DEFAULTS


def test_who_may_look_and_who_may_say(
    api: Api, api_as: Callable[[str], Api], stranger: Api, project: Project
) -> None:
    for role in ("Owner", "Admin"):
        assert api_as(role).get("retention").status_code == 200
        assert api_as(role).patch("retention", {}).status_code == 200
    for role in ("Editor", "Operator", "Viewer", "Worker"):
        assert api_as(role).get("retention").status_code == 200
        refused = api_as(role).patch("retention", {"keep_runs_days": 1})
        assert refused.status_code == 403
    outside = f"/v1/projects/{project.handle}/retention"
    assert stranger.get(outside).status_code == 404
    assert stranger.patch(outside, {"keep_runs_days": 1}).status_code == 404
    assert Project.objects.get(pk=project.pk).keep_runs_days is None


def test_the_admin_shows_and_sets_the_ages(project: Project) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    page = reverse("admin:identity_project_change", args=[project.pk])
    form = {"name": "Acme", "description": "", "keep_run_events_days": "", **DEFAULTS}

    wrong = client.post(page, {**form, "keep_runs_days": "0"})
    assert b"Ensure this value is greater than or equal to 1" in wrong.content
    saved = client.post(page, {**form, "keep_runs_days": "7", "_save": "1"})

    assert saved.status_code == 302
    project.refresh_from_db()
    assert (project.name, project.keep_runs_days) == ("Acme", 7)
    assert b"Days that a finished run is kept" in client.get(page).content


@pytest.mark.parametrize(
    ("set_to", "days"), [("", 90), ("0", 90), ("7", 7), ("36500", 36500)]
)
def test_the_servers_ages_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, set_to: str, days: int
) -> None:
    monkeypatch.setenv("MOBIUS_KEEP_RUNS_DAYS", set_to)

    assert environment.days("MOBIUS_KEEP_RUNS_DAYS", 90) == days


@pytest.mark.parametrize("wrong", ["36501", "-1", "1.5", "a week"])
def test_a_wrong_number_of_days_is_named_at_boot(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("MOBIUS_KEEP_RUNS_DAYS", wrong)

    with pytest.raises(ImproperlyConfigured, match="MOBIUS_KEEP_RUNS_DAYS"):
        environment.days("MOBIUS_KEEP_RUNS_DAYS", 90)
