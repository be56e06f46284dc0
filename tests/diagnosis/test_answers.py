"""The answer itself: who gets it, what it costs, that every code is proved."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.diagnosis.reasons import Code
from apps.identity.models import Project
from apps.jobs.models import Worker
from apps.kernel import clock
from apps.run_events.models import RunEvent
from apps.runs.models import Run
from tests.diagnosis.asking import diagnosis, report, start
from tests.support.api import Api
from tests.support.factories import make_principal
from tests.support.specs import action

pytestmark = pytest.mark.django_db
#: Who asks: the key's look-up and the note of its use.
KEY_QUERIES = 2
QUERIES_MAX = 10


def test_who_may_see_runs_is_told_others_are_not(
    api: Api, api_as: Callable[[str], Api], stranger: Api
) -> None:
    path = f"runs/{start(api, action('a'))}/diagnosis"

    assert api_as("Viewer").get(path).status_code == 200
    assert api_as("Worker").get(path).status_code == 403
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"/v1/projects/{api.project}/{path}").status_code == 404
    assert api.get("runs/run_none/diagnosis").status_code == 404


def test_every_code_is_made_true_by_a_test() -> None:
    here = Path(__file__).parent
    named = {
        name
        for path in here.glob("test_*.py")
        for name in re.findall(r"Code\.([A-Z_]+)", path.read_text())
    }

    assert {code.name for code in Code} - named == set()


def test_a_long_history_and_many_workers_cost_no_more_queries(
    api: Api, project: Project
) -> None:
    now = clock.now()
    workers = [
        Worker(
            id=f"wkr_{n}",
            project_id=project.id,
            worker_id=f"w{n}",
            actions=["do.other"],
            last_seen_at=now,
            last_heartbeat_at=now,
            created_at=now,
        )
        for n in range(200)
    ]
    Worker.objects.bulk_create(workers)
    run_id = start(api, *[action(f"a{n}") for n in range(20)])
    few = count(api, run_id)
    for _ in range(15):
        report(api, project)

    assert count(api, run_id) <= few <= QUERIES_MAX + KEY_QUERIES


def count(api: Api, run_id: str) -> int:
    """How many queries an answer takes."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        diagnosis(api, run_id)
    return len(queries)


def test_asking_changes_nothing(api: Api, project: Project) -> None:
    run_id = start(api, action("a"))
    before = Run.objects.values().get(id=run_id), RunEvent.objects.count()

    diagnosis(api, run_id)

    assert before == (Run.objects.values().get(id=run_id), RunEvent.objects.count())


def ask_rita(api: Api, project: Project) -> str:
    rita = make_principal(project, kind="human", name="rita", role="Operator")
    target = {"type": "user", "id": rita.id}
    question = {"type": "approval", "message": "Pay Bob?", "target": target}
    question["timeout"] = "1h"
    return start(api, {"name": "ok", "interaction": question})


def test_the_page_of_a_run_says_it_first(api: Api, project: Project) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    page = f"/admin/runs/run/{ask_rita(api, project)}/change/"

    answer = client.get(page)

    first = answer.context["sections"][0]
    assert first.title == "Why it stands where it stands"
    assert first.rows[0][0] == Code.WAITING_FOR_INTERACTION
    assert "waits for rita to answer" in answer.content.decode()


def test_the_page_tells_nothing_of_tables_that_somebody_may_not_read(
    api: Api, project: Project
) -> None:
    client, account = Client(), User.objects.create_user("staff", is_staff=True)
    account.user_permissions.set(Permission.objects.filter(codename="view_run"))
    client.force_login(account)

    page = client.get(f"/admin/runs/run/{ask_rita(api, project)}/change/")

    shown = page.content.decode()
    assert "not shown without interactions.view_interaction" in shown
    assert "Pay Bob" not in page.context["sections"][0].rows[0][1]
