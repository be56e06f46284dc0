"""The table of a run's life, and its picture."""

from pathlib import Path

import pytest

from apps.engine.state import FINISHED, RunStatus
from apps.engine.transitions import RUN_TRANSITIONS, diagram, is_legal

README = Path(__file__).parents[2] / "apps" / "engine" / "README.md"


def test_every_status_has_a_row() -> None:
    assert set(RUN_TRANSITIONS) == set(RunStatus)


@pytest.mark.parametrize("status", sorted(FINISHED))
def test_what_is_finished_stays_so_unless_it_failed(status: RunStatus) -> None:
    assert bool(RUN_TRANSITIONS[status]) is (status is RunStatus.FAILED)


def test_a_run_may_stay_where_it_is() -> None:
    assert all(is_legal(status, status) for status in RunStatus)
    assert not is_legal(RunStatus.COMPLETED, RunStatus.QUEUED)


def test_the_readme_shows_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in README.read_text()
