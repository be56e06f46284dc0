"""The history checker as a program that joins a stack: it reads the stack's tables.

    python -m tests.faults.checker

For each line ``{"project", "jobs"}`` on its standard input it prints one line: every
broken promise of the project in words. ``jobs`` are those whose workers were told
that their report was accepted.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any

import django

from mobius.local.environment import ROOT


class Checker:
    """The program, from its making to ``stop``; it outlives restarts of the servers."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.checker"],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def violations(self, project: str, jobs: Iterable[str]) -> list[str]:
        """Return every broken promise of a project at rest, given as its handle."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps({"project": project, "jobs": sorted(jobs)}) + "\n")
        found = answered.readline()
        assert found, "the checker died"
        return list(json.loads(found))

    def stop(self) -> None:
        """Let it go."""
        self._process.communicate()


def main(asked: IO[str], answers: IO[str]) -> None:
    """Answer until the input ends."""
    django.setup()
    from django.db import connections

    for line in asked:
        question = json.loads(line)
        found = _violations(question["project"], set(question["jobs"]))
        connections.close_all()
        answers.write(json.dumps(found) + "\n")
        answers.flush()


def _violations(handle: str, accepted: set[str]) -> list[Any]:
    from apps.identity.models import Project
    from apps.jobs.models import Job, JobStatus
    from tests.support.history import violations_of

    project = Project.objects.get(handle=handle)
    done = Job.objects.filter(project_id=project.id, status=JobStatus.COMPLETED)
    lost = accepted - set(done.values_list("id", flat=True))
    return [
        *violations_of(project.id),
        *(f"{job}: accepted, then forgotten" for job in sorted(lost)),
    ]


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
