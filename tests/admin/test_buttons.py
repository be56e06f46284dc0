"""Buttons do what the API does, and only for those who may press them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.test import Client

from apps.identity.models import Project
from apps.jobs.models import Job
from apps.kernel.ids import IdKind, new_id
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from tests.admin.conftest import World, list_of, page_of, report
from tests.support.api import Api
from tests.support.drive import b64, dispatch_all

PRESSED = {"_form_submitted": "on"}


def press(client: Client, model: Any, pk: str, name: str) -> str:
    """Press a button; return the page that follows."""
    answer = client.post(page_of(model, pk, name), PRESSED, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_is_cancelled_and_its_timeline_says_by_whom(
    world: World, chief: Client
) -> None:
    page = press(chief, Run, world.paused, "cancel")

    assert "The run is cancelled." in page
    assert Run.objects.get(id=world.paused).status == "cancelled"
    last = RunEvent.objects.filter(run_id=world.paused).order_by("-seq").first()
    assert last is not None
    assert last.type == "run.cancelled"
    assert "chief" in str(last.payload)


def test_a_failed_run_is_retried_and_completes(
    world: World, chief: Client, api: Api, project: Project
) -> None:
    assert "queued again" in press(chief, Run, world.failed, "retry")
    dispatch_all()
    report(api, project, status="completed", result_b64=b64(1))
    report(api, project, status="completed", result_b64=b64(1))

    run = Run.objects.get(id=world.failed)
    assert (run.status, run.attempt) == ("completed", 2)


def test_a_paused_run_is_resumed(world: World, chief: Client) -> None:
    assert "go on" in press(chief, Run, world.paused, "resume")
    dispatch_all()

    assert Run.objects.get(id=world.paused).status == "completed"


def test_a_held_job_is_rescued(world: World, chief: Client) -> None:
    assert "claim is void" in press(chief, Job, world.held_job, "rescue")
    dispatch_all()

    assert Job.objects.get(id=world.held_job).status == "lost"
    assert Job.objects.filter(run_id=world.held_run).count() == 2


def test_a_failing_event_is_made_due_with_its_failures_forgotten(
    world: World, chief: Client
) -> None:
    assert "due now" in press(chief, SourceEvent, world.failing_event, "requeue")

    event = SourceEvent.objects.get(id=world.failing_event)
    assert (event.failures, event.last_error) == (0, "")


@pytest.mark.parametrize(
    ("model", "which", "name", "told"),
    [
        (Run, "completed", "retry", "only failed runs are retried"),
        (Run, "completed", "resume", "not paused"),
        (Run, "failed", "cancel", "The run is failed."),
    ],
)
def test_the_wrong_moment_is_told_on_the_page(
    world: World, chief: Client, model: Any, which: str, name: str, told: str
) -> None:
    pk = getattr(world, which)
    before = Run.objects.get(id=pk).status

    assert told in press(chief, model, pk, name)
    assert Run.objects.get(id=pk).status == before


def test_buttons_stand_only_where_they_make_sense(world: World, chief: Client) -> None:
    def offered(model: Any, pk: str) -> set[str]:
        page = chief.get(page_of(model, pk)).content.decode()
        names = ("cancel", "retry", "resume", "rescue", "requeue")
        return {one for one in names if f"{pk}/{one}/" in page}

    assert offered(Run, world.completed) == set()
    assert offered(Run, world.failed) == {"retry"}
    assert offered(Run, world.paused) == {"cancel", "resume"}
    assert offered(Run, world.held_run) == {"cancel"}
    assert offered(Job, world.held_job) == {"rescue"}
    assert offered(SourceEvent, world.failing_event) == {"requeue"}
    timer = SourceEvent.objects.filter(run_id=world.asking, dispatched_at=None).get()
    assert offered(SourceEvent, timer.id) == set()


def test_a_button_works_from_a_page_that_a_list_opened(
    world: World, chief: Client
) -> None:
    row_link = page_of(Run, quote(world.failed))
    assert row_link in chief.get(list_of(Run, status="failed")).content.decode()
    button = page_of(Run, quote(world.failed), "retry")
    assert button in chief.get(row_link).content.decode()

    answer = chief.post(button, PRESSED, headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == page_of(Run, world.failed)
    assert Run.objects.get(id=world.failed).status == "queued"


def test_looking_at_a_button_does_nothing(world: World, chief: Client) -> None:
    assert chief.get(page_of(Run, world.paused, "cancel")).status_code == 200
    assert Run.objects.get(id=world.paused).status == "suspended"


def test_a_row_that_is_gone_is_told_as_such(world: World, chief: Client) -> None:
    gone = new_id(IdKind.RUN)

    assert "does not exist any more" in press(chief, Run, gone, "cancel")


def test_the_history_of_a_row_keeps_who_pressed_what(
    world: World, chief: Client
) -> None:
    press(chief, Run, world.paused, "cancel")

    entry = LogEntry.objects.get()
    assert (entry.user.get_username(), entry.object_id) == ("chief", world.paused)
    assert "Cancel run" in entry.get_change_message()
    history = chief.get(page_of(Run, world.paused, "history")).content.decode()
    assert "Cancel run" in history


BUTTONS = [
    (Run, "paused", "cancel"),
    (Run, "failed", "retry"),
    (Run, "paused", "resume"),
    (Job, "held_job", "rescue"),
    (SourceEvent, "failing_event", "requeue"),
]


@pytest.mark.parametrize(("model", "which", "name"), BUTTONS)
def test_who_may_only_look_sees_no_button_and_gets_403(
    world: World,
    staff: Callable[..., Client],
    model: Any,
    which: str,
    name: str,
) -> None:
    looker = staff(f"view_{model._meta.model_name}")
    pk = getattr(world, which)
    before = model.objects.filter(id=pk).values().get()

    page = looker.get(page_of(model, pk))
    pressed = looker.post(page_of(model, pk, name), PRESSED)

    assert page.status_code == 200
    assert f"{pk}/{name}/" not in page.content.decode()
    assert pressed.status_code == 403
    assert model.objects.filter(id=pk).values().get() == before


@pytest.mark.parametrize(("model", "which", "name"), BUTTONS)
def test_who_may_change_rows_may_press_their_buttons(
    world: World,
    staff: Callable[..., Client],
    model: Any,
    which: str,
    name: str,
) -> None:
    operator = staff(f"change_{model._meta.model_name}")
    pk = getattr(world, which)

    assert f"{pk}/{name}/" in operator.get(page_of(model, pk)).content.decode()
    assert operator.post(page_of(model, pk, name), PRESSED).status_code == 302
    if model is SourceEvent:
        assert SourceEvent.objects.get(id=pk).failures == 0
    else:
        assert LogEntry.objects.filter(object_id=pk).count() == 1


@pytest.mark.parametrize(("model", "which", "name"), BUTTONS)
def test_who_has_no_permission_sees_nothing(
    world: World,
    staff: Callable[..., Client],
    model: Any,
    which: str,
    name: str,
) -> None:
    nobody = staff()
    pk = getattr(world, which)

    assert nobody.get(list_of(model)).status_code == 403
    assert nobody.get(page_of(model, pk)).status_code == 403
    assert nobody.post(page_of(model, pk, name), PRESSED).status_code == 403
    index = nobody.get("/admin/").content.decode()
    assert "You have no permission" in index
    assert list_of(model) not in index


def test_strangers_are_sent_to_sign_in(world: World) -> None:
    for address in ("/admin/", list_of(Run), page_of(Run, world.paused, "cancel")):
        for answer in (Client().get(address), Client().post(address, PRESSED)):
            assert answer.status_code == 302
            assert "/admin/login/" in answer["Location"]
    assert Run.objects.get(id=world.paused).status == "suspended"
