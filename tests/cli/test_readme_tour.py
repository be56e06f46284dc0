"""The README's five minutes, command by command, on a terminal."""

import contextlib
import fcntl
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobius.local.environment import ROOT, user_variables, write_user_file
from tests.cli.conftest import CommandLine
from tests.cli.tour import Job, alike, read_tour
from tests.support.stack import Stack
from tests.support.waiting import wait_until

FILES, BLOCKS = read_tour((ROOT / "README.md").read_text())
#: An id in the README stands for the newest of its kind.
NEWEST = {
    "run": ("runs", "list", "--limit", "1"),
    "iact": ("interactions", "list", "--status", "pending", "--limit", "1"),
}
AN_ID = re.compile(r"\b(run|iact|prin)_[0-9a-z]{26}\b")


@pytest.fixture
def like_up(stack: Stack, home: Path) -> Iterator[None]:
    """What `up` leaves for the command line: its file, and its lock while it runs."""
    folder = home / "data"
    folder.mkdir()
    variables = user_variables(
        base_url=stack.base_url,
        api_key=stack.api_key,
        project=stack.project,
        reviewer_id=stack.reviewer_id,
    )
    write_user_file(folder / "env", variables)
    with (folder / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_the_tour_of_the_readme_runs_as_it_is_written(
    like_up: None, offline: CommandLine, plain_environment: dict[str, str], home: Path
) -> None:
    for name, body in FILES.items():
        (home / name).write_text(body)
    background: list[Job] = []
    told: list[str] = []

    def everything() -> set[str]:
        texts = [*told, *(job.text for job in background)]
        return {alike(line) for text in texts for line in text.splitlines()}

    def missing() -> list[str]:
        seen = everything()
        shown = [line for line in block.shown if "…" not in line]
        return [line for line in shown if alike(line) not in seen]

    try:
        for block in BLOCKS:
            for command in block.commands:
                line = AN_ID.sub(lambda m: newest(offline, m[1]), command.line)
                job = Job(line, home, plain_environment)
                if command.in_background:
                    background.append(job)
                    continue
                code = job.end()
                told.append(job.text)
                assert code == command.code, f"{line}: {code}\n{job.text}"
            with contextlib.suppress(AssertionError):  # what is missing says more
                wait_until(lambda: not missing(), seconds=30, every=0.1)
            assert missing() == []
    finally:
        codes = [job.interrupt() for job in background]

    assert codes == [0] * len(background)
    assert sum(len(block.commands) for block in BLOCKS) >= 12


def newest(mobius: CommandLine, kind: str) -> str:
    """The id that an id of the README stands for."""
    if kind == "prin":
        return str(mobius.ok("whoami")["principal_id"])
    return str(mobius.ok(*NEWEST[kind])["items"][0]["id"])
