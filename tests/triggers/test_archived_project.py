"""Triggers of an archived project are silent, and nothing is caught up on later."""

from datetime import datetime
from typing import Any

import pytest

from apps.identity.actor import OPERATOR
from apps.identity.models import Project
from apps.identity.services.archive_project import archive_project
from apps.identity.services.restore_project import restore_project
from apps.triggers.services.tick import tick
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.frozen import FrozenClock
from tests.triggers.scenes import create, fires_of, happen, on_event, row, runs_of


def every_minute(api: Api, **config: Any) -> dict[str, Any]:
    """A schedule trigger."""
    return create(api, "schedule", source_config={"cron": "* * * * *", **config})


def slots_of(trigger: dict[str, Any]) -> list[str]:
    """The slots that started a run."""
    return [
        f"{fire.scheduled_at:%H:%M}"
        for fire in fires_of(trigger)
        if fire.status == "success" and fire.scheduled_at is not None
    ]


def beat(at: datetime) -> None:
    """What beat does each second."""
    tick(now=at)
    dispatch_all(at)


@pytest.mark.parametrize("missed", ["latest", "all", "skip"])
@pytest.mark.parametrize("is_watched", [True, False])
def test_a_schedule_is_silent_and_goes_on_with_the_next_slot(
    api: Api, project: Project, frozen: FrozenClock, missed: str, is_watched: bool
) -> None:
    trigger = every_minute(api, missed=missed)
    beat(frozen.tick(minutes=1))
    archive_project(project.id, by=OPERATOR, now=frozen.tick(seconds=1))

    for _ in range(5):
        frozen.tick(minutes=1)
        if is_watched:
            beat(frozen.at)
    restore_project(project.id, by=OPERATOR, now=frozen.tick(seconds=1))
    beat(frozen.tick(seconds=1))
    assert slots_of(trigger) == ["12:01"]
    assert len(fires_of(trigger)) == 1
    for _ in range(2):
        beat(frozen.tick(minutes=1))

    assert slots_of(trigger) == ["12:01", "12:07", "12:08"]


def test_a_slot_that_nobody_dispatched_yet_starts_nothing(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    trigger = every_minute(api)
    tick(now=frozen.tick(minutes=1))
    archive_project(project.id, by=OPERATOR, now=frozen.at)

    dispatch_all(frozen.at)

    (fire,) = fires_of(trigger)
    assert (fire.status, fire.error) == ("skipped", "the project is archived")
    assert runs_of(trigger) == []


def test_events_set_nothing_off_and_are_not_heard_later(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    trigger = on_event(api, "custom.paid")
    archive_project(project.id, by=OPERATOR, now=frozen.at)

    happen(project.id, "custom.paid", frozen.tick(seconds=1))
    restore_project(project.id, by=OPERATOR, now=frozen.tick(seconds=1))
    dispatch_all(frozen.tick(minutes=1))
    assert fires_of(trigger) == []
    happen(project.id, "custom.paid", frozen.tick(seconds=1))

    assert len(runs_of(trigger)) == 1


def test_a_webhook_answers_404_as_if_it_were_disabled(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    trigger = create(api, "webhook", source_config={})
    path = f"/v1/triggers/http/{row(trigger).handle}"
    assert api.post(path, {}).status_code == 202
    archive_project(project.id, by=OPERATOR, now=frozen.at)

    assert api.post(path, {}).status_code == 404
    restore_project(project.id, by=OPERATOR, now=frozen.at)
    assert api.post(path, {}).status_code == 202


def test_fires_that_wait_are_let_go(
    api: Api, project: Project, frozen: FrozenClock
) -> None:
    trigger = create(api, concurrency_policy="queue")
    for _ in range(2):
        assert api.post(f"triggers/{trigger['id']}/fire").status_code == 202
    dispatch_all(frozen.at)
    archive_project(project.id, by=OPERATOR, now=frozen.at)
    (running,) = runs_of(trigger)

    api.post(f"runs/{running.id}/cancellations")
    dispatch_all(frozen.at)

    assert [fire.status for fire in fires_of(trigger)] == ["success", "skipped"]
    assert api.post(f"triggers/{trigger['id']}/fire").status_code == 409
