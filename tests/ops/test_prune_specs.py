"""Specs go when nobody refers to them, a day after that was seen first."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.identity.models import Project
from apps.kernel import clock
from apps.ops.prunable import count_of_server
from apps.ops.services.prune import prune
from apps.ops.services.prune_specs import SHARES, prune_specs, share_at
from apps.runs.models import Run
from apps.workflows.models import Spec
from apps.workflows.specs import admit_spec
from tests.ops.old import ended, finished, later, start
from tests.support.api import Api
from tests.support.drive import claim
from tests.support.specs import ONE_STEP, TWO_STEPS

pytestmark = pytest.mark.django_db


def look(now: datetime) -> int:
    """Look at all specs once; return how many are gone."""
    return sum(prune_specs(share, now) for share in SHARES)


def condemned() -> bool:
    """Whether the one spec is condemned."""
    return Spec.objects.get().condemned_at is not None


def test_a_spec_goes_a_day_after_its_last_run(api: Api, project: Project) -> None:
    ended(finished(api, project), 91)
    now = later(days=2)
    assert look(now) == 0
    assert not condemned()

    prune(now=now)
    look(now)
    assert not Run.objects.exists()
    assert condemned()
    assert look(now + timedelta(hours=23)) == 0
    assert count_of_server(now + timedelta(hours=25)) == {"specs": 1}
    assert prune(now=now + timedelta(hours=25))["specs"] == 1
    assert not Spec.objects.exists()


def test_the_spec_of_a_version_or_of_a_run_stays(api: Api) -> None:
    stored = {"name": "Stored", "spec": ONE_STEP}
    assert api.post("workflows", stored).status_code == 201
    start(api, TWO_STEPS)

    for days in (100, 200, 300):
        look(later(days=days))

    assert Spec.objects.filter(condemned_at=None).count() == 2


def test_the_spec_of_a_deleted_workflow_goes_when_its_runs_are_gone(api: Api) -> None:
    workflow = api.post("workflows", {"name": "Stored", "spec": ONE_STEP}).json()
    run = api.post("runs", {"definition_id": workflow["id"]}).json()
    assert api.delete(f"workflows/{workflow['id']}").status_code == 204

    look(later(days=100))
    assert not condemned()
    Run.objects.filter(id=run["id"]).delete()
    look(later(days=100))
    assert look(later(days=102)) == 1


def test_who_uses_a_condemned_spec_pardons_it(api: Api, project: Project) -> None:
    admit_spec(ONE_STEP, now=clock.now())
    look(later(days=2))
    assert condemned()

    run_id = start(api, ONE_STEP)

    assert not condemned()
    assert look(later(days=4)) == 0
    job = claim(project.id)
    assert job is not None
    assert job["run_id"] == run_id


def test_a_spec_that_is_gone_is_stored_again_although_it_is_remembered(
    api: Api,
) -> None:
    admit_spec(ONE_STEP, now=clock.now())
    look(later(days=2))
    assert look(later(days=4)) == 1

    run_id = start(api, ONE_STEP)

    assert api.get(f"runs/{run_id}").json()["spec"] == ONE_STEP


def test_a_spec_is_not_condemned_while_it_is_being_used_first() -> None:
    admit_spec(ONE_STEP, now=clock.now())

    look(later(hours=23))

    assert not condemned()


def test_all_shares_have_their_turn_within_hours() -> None:
    at: Any = clock.now()
    turns = {share_at(at + timedelta(seconds=30 * n)) for n in range(256)}

    assert turns == set(SHARES)
    assert len(SHARES) == 256
