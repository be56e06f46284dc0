"""People answer while what moves runs is dead: no answer is lost, none counts twice."""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.faults.checker import Checker
from tests.faults.children import kill_children
from tests.support.remote import HandWorker, Remote
from tests.support.specs import action, spec
from tests.support.stack import Stack, Tenant
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]

QUESTIONS = 8
_TRANSITIONS = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
AND query LIKE '%FROM runs_run WHERE id = ANY%FOR UPDATE%'
"""
_TOLD = """
SELECT count(*) FROM run_events_runevent WHERE run_id = %s AND type = 'wait.resumed'
"""


class Asking:
    """A project whose runs ask its reviewer and then have one job to do."""

    def __init__(self, stack: Stack, tenant: Tenant) -> None:
        self.stack = stack
        self.tenant = tenant
        self.remote: Remote = stack.remote(tenant)
        self.worker = HandWorker(self.remote)
        self.done: list[str] = []

    def start(self) -> dict[str, Any]:
        """Start a run; return its question once it waits."""
        question = {
            "type": "approval",
            "message": "Is it good?",
            "target": {"type": "user", "id": self.tenant.reviewer_id},
            "timeout": "1h",
        }
        ask = {"name": "ask", "interaction": question, "store": "said"}
        given = {"value": "${state.said.value}"}
        run_id = self.remote.start(spec(ask, action("use", parameters=given)))
        self.remote.wait_for(run_id, "suspended")
        path = f"interactions?run_id={run_id}&status=pending"
        (found,) = self.remote.get(path).body["items"]
        return dict(found)

    def answer(self, question: dict[str, Any], value: bool = True) -> None:
        """Answer; a second answer is too late, whatever has become of the run."""
        path = f"interactions/{question['id']}/respond"
        taken = self.remote.post(path, {"value": value})
        assert (taken.status, taken.body["status"]) == (200, "completed")
        assert self.remote.post(path, {"value": not value}).status == 409

    def work(self) -> Any:
        """Do the job that comes of an answer; return what it was given."""
        job = self.worker.claim()
        assert self.worker.complete(job, "done").status == 204
        self.done.append(job["job_id"])
        return job["parameters"]["value"]

    def prove(self, checker: Checker, *questions: dict[str, Any]) -> None:
        """Each run went on once, and every other promise holds too."""
        for question in questions:
            run = self.remote.wait_for(question["run_id"])
            assert (run["status"], run["result"]) == ("completed", "done")
            assert len(run["jobs"]) == 1
            assert self.count(_TOLD, question["run_id"]) == 1
        assert self.worker.ask(wait_seconds=1).status == 204
        assert checker.violations(self.tenant.project, self.done) == []

    def count(self, query: str, *values: str) -> int:
        """Ask the stack's database for a number."""
        with psycopg.connect(self.stack.database_url) as connection:
            row = connection.execute(query.encode(), values or None).fetchone()
        assert row is not None
        return int(row[0])

    @contextlib.contextmanager
    def locked(self, run_id: str) -> Iterator[None]:
        """Hold the lock of a run's row."""
        with psycopg.connect(self.stack.database_url) as connection:
            connection.execute(
                "SELECT FROM runs_run WHERE id = %s FOR UPDATE", [run_id]
            )
            yield


@pytest.fixture
def asking(stack: Stack) -> Asking:
    """A project of the test's own."""
    return Asking(stack, stack.new_tenant())


def test_an_answer_while_nobody_moves_runs_is_kept_and_moves_the_run_once(
    stack: Stack, asking: Asking, checker: Checker
) -> None:
    question = asking.start()

    stack.kill("worker")
    asking.answer(question, False)
    stack.wait_running("worker")

    assert asking.work() is False
    asking.prove(checker, question)


def test_a_dispatcher_killed_over_an_answer_begins_again_from_the_start(
    stack: Stack, asking: Asking, checker: Checker
) -> None:
    question = asking.start()

    with asking.locked(question["run_id"]):
        asking.answer(question)
        wait_until(lambda: asking.count(_TRANSITIONS))
        kill_children(stack)

    assert asking.work() is True
    asking.prove(checker, question)


def test_answers_are_taken_while_the_dispatcher_is_killed_again_and_again(
    stack: Stack, asking: Asking, checker: Checker
) -> None:
    questions = [asking.start() for _ in range(QUESTIONS)]

    for number, question in enumerate(questions):
        if number % 2:
            kill_children(stack)
        asking.answer(question)

    assert [asking.work() for _ in questions] == [True] * QUESTIONS
    asking.prove(checker, *questions)


def test_an_answer_outlives_the_web_process_that_took_it(
    stack: Stack, asking: Asking, checker: Checker
) -> None:
    question = asking.start()
    path = f"interactions/{question['id']}/respond"

    with asking.locked(question["run_id"]):
        asking.answer(question)
        stack.kill("web")
    stack.wait_running("web")

    assert asking.remote.post(path, {"value": True}).status == 409
    assert asking.work() is True
    asking.prove(checker, question)
