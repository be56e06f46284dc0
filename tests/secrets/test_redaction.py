"""What is taken out of answers, and what is left of them."""

import base64
from urllib.parse import quote

import pytest

from apps.secrets.redaction import SHOWN, Censored, Redaction

VALUE = 'S3"cr/et+<a>\\b'
KEY = base64.b64encode(bytes(range(200, 232))).decode()


@pytest.mark.parametrize(
    "said",
    [
        VALUE,
        'S3\\"cr/et+<a>\\\\b',
        quote(VALUE),
        quote(VALUE, safe=""),
        "S3&quot;cr/et+&lt;a&gt;\\b",
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
    ],
)
def test_a_value_is_found_however_it_is_written(said: str) -> None:
    assert Redaction([VALUE]).text(f"sent {said}, no") == f"sent {SHOWN}, no"


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "Bearer "])
def test_base64_is_found_wherever_in_it_the_value_stands(before: str) -> None:
    written = base64.b64encode(f"{before}{VALUE}:x".encode()).decode()

    left = Redaction([VALUE]).text(written)

    assert SHOWN in left
    rest = left.replace(SHOWN, "")
    assert len(rest) < len(before) * 2 + 10


def test_a_key_in_base64_is_found_as_its_bytes_too() -> None:
    hidden = Redaction([KEY])

    assert hidden.text(bytes(range(200, 232)).hex()) == SHOWN
    assert hidden.text(KEY) == SHOWN


def test_json_keeps_its_shape() -> None:
    hidden = Redaction([VALUE, "12345678"])
    said = {"a": [VALUE, 1, None, True], f"x{VALUE}": {"n": 12345678, "m": 1234}}

    assert hidden.value(said) == {
        "a": [SHOWN, 1, None, True],
        f"x{SHOWN}": {"n": SHOWN, "m": 1234},
    }


@pytest.mark.parametrize("length", range(len(VALUE)))
def test_where_an_answer_was_cut_no_beginning_of_a_value_is_left(length: int) -> None:
    cut = f"you sent {VALUE[:length]}"

    left = Redaction([VALUE]).text(cut, is_cut=True)

    assert left == (cut if length < 4 else f"you sent {SHOWN}")
    assert Redaction([VALUE]).text(cut) == cut


def test_short_values_and_no_values_hide_nothing() -> None:
    assert Redaction(["abc", ""]).text("abcd") == "abcd"
    assert Redaction().text("anything", is_cut=True) == "anything"


def test_an_error_that_says_a_value_is_raised_without_it() -> None:
    said = pytest.raises(Censored, match=r"^KeyError: .*\[secret\]")
    with said as caught, Redaction([VALUE]).guard():
        raise KeyError(VALUE)
    assert VALUE not in str(caught.value)
    assert caught.value.__suppress_context__
    with pytest.raises(ValueError, match="harmless"), Redaction([VALUE]).guard():
        raise ValueError("harmless")


def test_it_does_not_show_what_it_hides() -> None:
    assert VALUE not in repr(Redaction([VALUE]))
