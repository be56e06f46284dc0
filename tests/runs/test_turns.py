"""Runs of one definition regard each other, as its concurrency says."""

import pytest

from apps.identity.models import Project
from apps.runs.models import Run
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.linear import action, make_definition


def start(api: Api, count: int = 1) -> list[str]:
    answers = [api.post("loops/nightly/runs") for _ in range(count)]
    dispatch_all()
    return [answer.json()["id"] for answer in answers]


def statuses() -> list[tuple[str, str]]:
    return list(Run.objects.order_by("id").values_list("status", "stop_reason"))


def test_queued_runs_begin_one_after_another(api: Api, project: Project) -> None:
    make_definition(project, action("a"), concurrency="queue")

    first, second, third = start(api, 3)

    waiting = Run.objects.filter(queue_reason="loop_policy").order_by("id")
    assert [run.id for run in waiting] == [second, third]
    api.post(f"runs/{first}/cancel")
    dispatch_all()
    assert [run.id for run in waiting.all()] == [third]
    begun = Run.objects.get(id=second)
    assert (begun.status, begun.queue_reason) == ("queued", "")
    assert begun.state is not None


def test_a_run_that_waits_for_its_turn_can_be_cancelled(
    api: Api, project: Project
) -> None:
    make_definition(project, action("a"), concurrency="queue")
    first, second, third = start(api, 3)

    assert api.post(f"runs/{second}/cancel").json()["status"] == "cancelled"
    api.post(f"runs/{first}/cancel")
    dispatch_all()

    assert Run.objects.get(id=third).state is not None


def test_a_newer_run_replaces_the_one_that_lives(api: Api, project: Project) -> None:
    make_definition(project, action("a"), concurrency="replace")

    start(api)
    start(api)

    assert statuses() == [("cancelled", "replaced"), ("queued", "")]


def test_of_runs_that_start_together_the_newest_replaces_the_others(
    api: Api, project: Project
) -> None:
    make_definition(project, action("a"), concurrency="replace")

    start(api, 3)

    assert [status for status, _ in statuses()] == ["cancelled", "cancelled", "queued"]


def test_another_run_is_refused_while_one_lives(api: Api, project: Project) -> None:
    make_definition(project, action("a"), concurrency="skip")
    (first,) = start(api)

    refused = api.post("loops/nightly/runs")

    assert refused.status_code == 409
    assert refused.json()["code"] == "concurrency_skipped"
    assert refused.json()["details"]["active_run_id"] == first
    api.post(f"runs/{first}/cancel")
    assert api.post("loops/nightly/runs").status_code == 202


@pytest.mark.parametrize("policy", ["queue", "replace", "skip"])
def test_the_only_run_begins(api: Api, project: Project, policy: str) -> None:
    make_definition(project, action("a"), concurrency=policy)

    (run_id,) = start(api)

    run = Run.objects.get(id=run_id)
    assert (run.queue_reason, run.state is not None) == ("", True)
