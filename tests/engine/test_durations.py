"""Durations, read and written."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.engine.durations import DurationError, format_duration, parse_duration
from apps.engine.limits import DURATION_MAX


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("24h", 86_400),
        ("1h30m", 5_400),
        ("1.5h", 5_400),
        (".5s", 0.5),
        ("500ms", 0.5),
        ("250us", 0.000_25),
        ("250µs", 0.000_25),
        ("1500ns", 0.000_002),
        ("0", 0),
        (" 5m ", 300),
        ("PT5M", 300),
        ("P1DT2H3M4.5S", 93_784.5),
        ("P2W", 1_209_600),
    ],
)
def test_reading(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "h",
        "1 h",
        "-5s",
        "5x",
        "1h30",
        "P",
        "PT",
        "P1",
        "PT5",
        "P1H",
        "1d",
        "99999999h",
        "P999999D",
        "9" * 40 + "s",
        "s" * 100,
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (86_400, "24h"),
        (5_400, "1h30m"),
        (0.5, "500ms"),
        (61.000001, "1m1s1us"),
    ],
)
def test_writing(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


def test_a_negative_span_has_no_text() -> None:
    with pytest.raises(DurationError):
        format_duration(timedelta(seconds=-1))


@given(st.timedeltas(min_value=timedelta(0), max_value=DURATION_MAX))
def test_what_is_written_reads_back_exactly(span: timedelta) -> None:
    assert parse_duration(format_duration(span)) == span
