"""PostgreSQL stops in order, and is killed."""

import signal

import pytest

from tests.faults.load import Load
from tests.support.stack import Stack
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("faults")]


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGINT, id="a fast stop"),
        pytest.param(signal.SIGKILL, id="a kill"),
    ],
)
def test_the_database_is_restarted(
    stack: Stack, load: Load, how: signal.Signals
) -> None:
    before = stack.kill("postgres", how)
    wait_until(lambda: stack.wait_running("postgres") != before)

    assert load.finish() > 0
