"""The proof after a load: what clients, workers and readers saw, against the rows.

The history checker says whether the rows agree with each other; here they are
compared with what was promised to somebody outside.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.checker import Checker
from tests.faults.readers import ProjectReader, RunReader

Ask = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Seen:
    """What was seen from outside; ``reports`` is the file of accepted reports."""

    project: str
    runs: Sequence[str]
    reports: Path
    follower: ProjectReader
    readers: Sequence[RunReader]


def prove(seen: Seen, ask: Ask, checker: Checker) -> None:
    """Check every promise; ``ask`` queries the stack's database."""
    _check_runs(seen, ask)
    jobs = _check_reports(seen, ask)
    assert checker.violations(seen.project, jobs) == []
    _check_lines(seen, ask)


def _check_runs(seen: Seen, ask: Ask) -> None:
    """No start was lost, none happened twice, and all runs have completed."""
    assert len(set(seen.runs)) == len(seen.runs)
    stored = ask(
        "SELECT id, status FROM runs_run WHERE project_id ="
        " (SELECT id FROM identity_project WHERE handle = %s)",
        seen.project,
    )
    assert dict(stored) == dict.fromkeys(seen.runs, "completed")


def _check_reports(seen: Seen, ask: Ask) -> set[str]:
    """Each step took one report, and a run's result is what was reported last.

    Returns the jobs whose reports were accepted.
    """
    accepted: dict[tuple[str, str], set[str]] = defaultdict(set)
    results: dict[str, Any] = dict(
        ask("SELECT id, result FROM runs_run WHERE id = ANY(%s)", seen.runs)
    )
    for line in seen.reports.read_text().splitlines():
        report = json.loads(line)
        accepted[report["run_id"], report["step_name"]].add(report["job_id"])
        if report["step_name"] == "index":
            assert results[report["run_id"]] == report["result"]
    twice = {step: jobs for step, jobs in accepted.items() if len(jobs) > 1}
    assert not twice
    return set().union(*accepted.values())


def _check_lines(seen: Seen, ask: Ask) -> None:
    """Everybody was given every line once and in order."""
    heads = ask(
        "SELECT run_id, last_seq FROM run_events_runstream WHERE run_id = ANY(%s)",
        seen.runs,
    )
    told = {run_id: list(range(1, head + 1)) for run_id, head in heads}
    given = seen.follower.seqs
    wrong = {run: given[run] for run, seqs in told.items() if given[run] != seqs}
    assert not wrong
    for reader in seen.readers:
        assert reader.seqs == told[reader.run_id][reader.first :], reader.run_id
