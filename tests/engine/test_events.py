"""Whether an event fits, and by what it is found: two answers that must agree."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from apps.engine.events import (
    Envelope,
    EventFilter,
    containment,
    covers,
    key_of,
    lookup_of,
    mismatch,
    value_at,
)
from apps.engine.expressions import compile_expression

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, 1.5, -2.0, 1e300])
    | st.sampled_from(["", "1", "true", "None", "a"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)
ENVELOPES = st.builds(Envelope, st.just("x.y"), st.just("s"), OBJECTS, OBJECTS)
PATHS = st.sampled_from(["event.a", "event.a.b", "meta.a", "meta.b.a.b", "event.b"])
MATCHES = st.dictionaries(PATHS, VALUES, max_size=3)


def test_the_reason_is_said_in_words() -> None:
    envelope = Envelope("x.y", "s1", {"n": 1}, {})
    condition = compile_expression("event.n > 1")

    assert mismatch(EventFilter("s2"), envelope) == "source_id is 's1', not 's2'"
    assert mismatch(EventFilter("", {"event.n": 2}), envelope) == "event.n is 1, not 2"
    assert "does not hold" in mismatch(EventFilter(condition=condition), envelope)
    broken = EventFilter(condition=compile_expression("event.n > 'a'"))
    assert "has no value" in mismatch(broken, envelope)
    assert mismatch(EventFilter("s1", {"event.n": 1.0}), envelope) == ""


def test_an_event_cannot_pretend_to_be_the_run() -> None:
    envelope = Envelope("x.y", "", {"n": 1}, {})
    condition = compile_expression("inputs.n == event.n")

    assert (
        mismatch(EventFilter(condition=condition), envelope, {"inputs": {"n": 1}}) == ""
    )
    hidden = mismatch(
        EventFilter(condition=compile_expression("event.n == 1")),
        envelope,
        {"event": {"n": 2}},
    )
    assert hidden == ""


def test_patterns_cover_what_is_below_them() -> None:
    assert covers("a.b", "a.b")
    assert covers("a.*", "a.b.c")
    assert not covers("a.*", "a.")
    assert not covers("a.*", "ab.c")
    assert not covers("a.b", "a.b.c")


@given(VALUES, VALUES)
def test_equal_values_have_the_same_key(left: Any, right: Any) -> None:
    envelope = Envelope("x.y", "", {"a": left}, {})
    same = mismatch(EventFilter("", {"event.a": right}), envelope) == ""

    if key_of(left) and key_of(right):
        assert same is (key_of(left) == key_of(right))
    elif same:
        assert key_of(left) == key_of(right) == ""


@given(MATCHES, ENVELOPES)
def test_who_takes_an_event_is_found_by_its_key(
    match: dict[str, Any], envelope: Envelope
) -> None:
    path, key = lookup_of(match)

    if mismatch(EventFilter("", match), envelope) == "" and path:
        assert key_of(value_at(envelope, path)) == key


@given(MATCHES, ENVELOPES)
def test_what_is_taken_contains_what_the_database_is_asked_for(
    match: dict[str, Any], envelope: Envelope
) -> None:
    if mismatch(EventFilter("", match), envelope) == "":
        assert _contains(envelope.roots(), containment(match))


def _contains(holder: Any, sought: Any) -> bool:
    if isinstance(sought, dict):
        return isinstance(holder, dict) and all(
            key in holder and _contains(holder[key], value)
            for key, value in sought.items()
        )
    return bool(holder == sought)
