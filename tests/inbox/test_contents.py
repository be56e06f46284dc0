"""What a question brings along, as rows."""

import pytest

from apps.inbox.contents import (
    CHARACTERS_MAX,
    answer_in_words,
    is_web_address,
    references_of,
    row_of,
    rows_of,
)


def test_short_rows_come_before_long_ones() -> None:
    rows = rows_of({"log": "x" * 500, "order_id": 12, "parts": {"a": {"b": 1}}})

    assert [(row.name, row.kind) for row in rows] == [
        ("Order id", "text"),
        ("Parts", "json"),
        ("Log", "long"),
    ]


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (True, "text", "yes"),
        (None, "text", "—"),
        (12.5, "text", "12.5"),
        (["a", 2, True], "text", "a, 2, yes"),
        ([], "text", "nothing"),
        ({}, "text", "{}"),
        ("two\nlines", "text", "two\nlines"),
        ("https://example.org/a?b=c", "link", "https://example.org/a?b=c"),
        ({"a": 1}, "json", '{\n  "a": 1\n}'),
    ],
)
def test_a_value_becomes_a_row(value: object, kind: str, text: str) -> None:
    row = row_of("x", value)

    assert (row.kind, row.text) == (kind, text)


def test_json_says_how_much_is_folded() -> None:
    row = row_of("x", {str(n): [n] for n in range(30)})

    assert row.glimpse == "30 fields"
    assert not row.is_open


def test_a_huge_value_is_cut() -> None:
    row = row_of("x", "y" * (CHARACTERS_MAX + 7))

    assert row.text.endswith("… 7 more characters")


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "https://",
        "http://[bad",
        "https://example.org and more",
        "file:///etc/passwd",
    ],
)
def test_only_addresses_of_the_web_become_links(text: str) -> None:
    (reference,) = references_of([{"kind": "external_url", "url": text, "label": "l"}])

    assert not is_web_address(text)
    assert reference.href == ""


def test_a_reference_to_a_thing_of_ours_names_it() -> None:
    (reference,) = references_of(
        [{"kind": "mobius_entity", "entity_type": "run", "entity_id": "run_1"}]
    )

    assert (reference.label, reference.href) == ("run run_1", "")


@pytest.mark.parametrize(
    ("value", "mode", "words"),
    [
        (True, "confirm", "Approved"),
        (False, "confirm", "Rejected"),
        ("a", "select", "Alpha"),
        ("z", "select", "z"),
        (["a", "b"], "multi_select", "Alpha, b"),
        ([], "multi_select", "Nothing"),
        ("in May", "input", "in May"),
    ],
)
def test_an_answer_is_called_what_its_option_is(
    value: object, mode: str, words: str
) -> None:
    spec = {"options": [{"value": "a", "label": "Alpha"}, {"value": "b"}]}

    assert answer_in_words(value, spec, mode) == words
