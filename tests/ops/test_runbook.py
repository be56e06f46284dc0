"""The runbook's statements work on the tables as they are."""

import re
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from apps.kernel import clock
from apps.source_events.models import SourceEvent
from mobius.local.environment import ROOT
from tests.support.api import Api

RUNBOOK = (ROOT / "deploy" / "README.md").read_text()
STATEMENTS = re.findall(r"^```sql\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
SHELL = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)
SPEC = {"name": "ingest", "steps": [{"name": "parse", "action": "doc.parse"}]}


def execute(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)


def statement_with(words: str) -> str:
    (found,) = [statement for statement in STATEMENTS if words in statement]
    return str(found)


def start(api: Api) -> str:
    answer: Any = api.post("runs", {"spec": SPEC})
    return str(answer.json()["id"])


@pytest.mark.django_db
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.split("\n")[0][:40])
def test_a_statement_runs(statement: str) -> None:
    assert execute(statement) >= 0


@pytest.mark.parametrize("script", SHELL, ids=lambda s: s.split("\n")[0][:40])
def test_a_shell_block_parses(script: str) -> None:
    plain = script.replace("<the empty one>", "postgresql://")

    subprocess.run(["sh", "-n"], input=plain, text=True, check=True)


def test_requeueing_many_makes_failed_events_due(api: Api) -> None:
    run_id = start(api)
    later = clock.now() + timedelta(hours=1)
    SourceEvent.objects.filter(run_id=run_id).update(
        failures=5, due_at=later, event_type="loop.run_allocation.completed"
    )

    assert execute(statement_with("UPDATE source_events_sourceevent")) == 1

    event = SourceEvent.objects.get(run_id=run_id)
    assert event.failures == 0
    assert event.due_at < later
