"""``manage.py prune``: it says what goes, and with --dry-run nothing does."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.identity.models import Project
from apps.ops.prunable import count_of_project
from apps.runs.models import Run
from tests.interactions.scenes import USE, answer, pending, people, step, user
from tests.ops.old import (
    NAP,
    ages_of,
    bare_runs,
    cancelled,
    ended,
    finished,
    prune_project,
    report,
    rows_of,
    start,
)
from tests.support.api import Api
from tests.support.factories import make_project
from tests.support.specs import spec

pytestmark = pytest.mark.django_db


def say(*words: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("prune", *words, stdout=out)
    return out.getvalue()


def numbers(text: str) -> dict[str, int]:
    """Kind -> how many, of all lines that name a number."""
    found = re.findall(r"delete[d]? (\d+) (.+)", text)
    return {kind: int(count) for count, kind in found}


def mixed(api: Api, project: Project) -> list[str]:
    """Old runs of several kinds, and a young one."""
    (ann,) = people(project, "ann")
    asked = start(api, spec(step(user(ann), reminders=["20h"]), USE))
    answer(ann, pending(api, asked))
    report(api, project)
    runs = [asked, finished(api, project), cancelled(api, start(api, NAP))]
    for run_id in runs:
        ended(run_id, 100)
    return [*runs, finished(api, project)]


def test_a_dry_run_counts_what_a_real_one_deletes_and_deletes_nothing(
    api: Api, project: Project
) -> None:
    runs = mixed(api, project)
    Project.objects.update(keep_run_events_days=5)
    ended(runs[-1], 6)
    before = [rows_of(run_id) for run_id in runs]

    counted = dict(count_of_project(ages_of(project)))
    said = say("--project", project.handle, "--dry-run")

    assert [rows_of(run_id) for run_id in runs] == before
    assert numbers(said) == {k.replace("_", " "): n for k, n in counted.items()}
    assert "deleted" not in said
    deleted = prune_project(project)
    # Timelines of runs that go as well are trimmed first, or go with them.
    assert deleted.pop("timelines") >= counted.pop("timelines") == 1
    assert deleted == counted


def test_it_deletes_and_says_how_much_of_what(api: Api, project: Project) -> None:
    mixed(api, project)

    said = say()

    assert re.search(rf"^{project.handle}: runs before 20\d\d-", said)
    assert f"{project.handle}: deleted 3 runs" in said
    assert f"{project.handle}: deleted 1 interactions" in said
    assert "of the server: deleted nothing" in said
    assert Run.objects.count() == 1
    assert f"{project.handle}: deleted nothing" in say()


def test_one_project_can_be_named_and_others_stay(api: Api, project: Project) -> None:
    other = make_project("initech")
    bare_runs(other, 2, days_ago=100)
    bare_runs(project, 3, days_ago=100)

    assert numbers(say("--project", "initech")) == {"runs": 2}

    assert Run.objects.count() == 3


def test_a_project_that_is_not_there_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="project nowhere not found"):
        say("--project", "nowhere")


def test_all_of_a_large_backlog_goes_in_one_call(project: Project) -> None:
    bare_runs(project, 450, days_ago=100)

    assert numbers(say("--project", project.handle)) == {"runs": 450}
    assert not Run.objects.exists()
