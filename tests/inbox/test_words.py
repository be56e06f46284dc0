"""Instants and lines of a timeline as people say them."""

from datetime import timedelta

import pytest

from apps.inbox.words import line_in_words, relative
from tests.support.frozen import NOON


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=20), "in less than a minute"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=5, seconds=10), "in 5 min"),
        (timedelta(minutes=-59), "59 min ago"),
        (timedelta(hours=4, minutes=59, seconds=50), "in 5 h"),
        (timedelta(hours=-47), "47 h ago"),
        (timedelta(days=3, hours=2), "in 3 days"),
        (timedelta(days=-400), "400 days ago"),
    ],
)
def test_an_instant_is_told_from_now(away: timedelta, words: str) -> None:
    assert relative(NOON + away, NOON) == words


@pytest.mark.parametrize(
    ("type_", "facts", "words"),
    [
        ("step.started", {"step": "parse"}, "Step parse started"),
        (
            "step.failed",
            {"step": "parse", "error": {"message": "no such file"}},
            "Step parse failed: no such file",
        ),
        ("action.called", {"action": "mail.send"}, "mail.send was called"),
        ("run.failed", {"error_message": "x" * 200}, f"The run failed: {'x' * 79}…"),
        ("budget.nearly_used", {}, "Budget nearly used"),
    ],
)
def test_a_line_is_a_sentence(type_: str, facts: dict[str, object], words: str) -> None:
    assert line_in_words(type_, facts) == words


def test_a_workers_own_line_keeps_its_name() -> None:
    assert line_in_words("run.failed", {}, True) == "The worker reported run.failed"
