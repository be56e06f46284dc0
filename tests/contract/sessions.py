"""What a reader of the guides does again and again at the terminal."""

import json
from typing import Any

from tests.contract.guides import CLAIM, CREATE_WORKFLOW, READ_RUN, START_RUN
from tests.support.curl import Printed, Shell
from tests.support.remote import Remote


def frames_in(text: str) -> list[dict[str, Any]]:
    """The JSON of every frame in what curl printed."""
    lines = text.splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def create_and_start(shell: Shell) -> str:
    """The guide's first two requests; returns the run's id."""
    shell.export(WORKFLOW_ID=shell.run(CREATE_WORKFLOW).json["id"])
    shell.export(RUN_ID=shell.run(START_RUN).json["id"])
    return str(shell.run(READ_RUN).json["id"])


def start(shell: Shell, remote: Remote, what: dict[str, Any], **fields: Any) -> str:
    """Start a run of another spec and export its id."""
    run_id = remote.start(what, **fields)
    shell.export(RUN_ID=run_id)
    return run_id


def claim(shell: Shell) -> dict[str, Any]:
    """The guide's claim; exports what the guide says to capture."""
    claimed = shell.run(CLAIM)
    assert claimed.status == 200
    shell.export(JOB_ID=claimed.json["job_id"], ATTEMPT=claimed.json["attempt"])
    return dict(claimed.json)


def statuses(remote: Remote, run_id: str) -> list[tuple[int, str]]:
    """Attempt and status of each job of a run, oldest first."""
    return [(job["attempt"], job["status"]) for job in remote.run(run_id)["jobs"]]


def assert_lease_lost(answer: Printed) -> None:
    assert (answer.status, answer.json["code"]) == (409, "lease_lost")
