"""Tables for people, JSON for programs."""

from datetime import UTC, datetime, timedelta

import pytest

from mobius.cli.output import Output
from mobius.cli.tables import ago, columns, rows_of
from tests.cli.conftest import CommandLine

ITEMS = [
    {"id": "run_1", "name": "a" * 60, "status": "failed", "deep": {"er": "x"}},
    {"id": "run_2", "name": "b", "status": "completed", "deep": {}, "more": []},
]
COLUMNS = columns("id:id", "name", "status=status:status", "deep.er|other", "more")


def shown(width: int) -> list[str]:
    return [row.plain for row in rows_of(ITEMS, COLUMNS, width)]


def test_a_table_fits_and_says_what_it_cuts() -> None:
    heading, first, second = shown(50)

    assert heading.split() == ["ID", "NAME", "STATUS", "DEEP.ER|OTHER"]
    assert "…" in first
    assert all(len(line) <= 50 for line in (heading, first, second))
    assert second.split() == ["run_2", "b", "completed", "-"]


def test_ids_are_never_cut() -> None:
    assert shown(10)[1].startswith("run_1  aaaaaaa…  failed")
    assert "a" * 60 in shown(200)[1]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (timedelta(seconds=5), "5 s ago"),
        (timedelta(minutes=3, seconds=50), "3 min ago"),
        (timedelta(hours=30), "1 d ago"),
        (timedelta(hours=-2), "in 2 h"),
        (timedelta(seconds=-0.5), "0 s ago"),
    ],
)
def test_an_instant_is_told_by_its_distance(before: timedelta, told: str) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)

    assert ago((now - before).isoformat(), now) == told


def test_a_terminal_gets_a_table_and_a_pipe_json(offline: CommandLine) -> None:
    assert offline("version", terminal=True).out.startswith("mobius 0")
    assert offline("version").json == {"version": "0.1.0"}
    assert offline("version", "-o", "table").out.startswith("mobius 0")
    assert offline("-o", "json", "version", terminal=True).json["version"]


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals_that_want_them(
    no_color: str,
    coloured: bool,
    offline: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    Output("table").line({}, "[red]failed[/red]")

    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_what_came_from_outside_is_not_taken_for_markup(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Output("table").table([{"id": "[red]x[/red]"}], columns("id:id"))

    assert "[red]x[/red]" in capsys.readouterr().out
