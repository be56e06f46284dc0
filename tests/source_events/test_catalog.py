"""The catalogue against the published one, row by row; patterns and refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.source_events.catalog import (
    TYPES,
    EventType,
    Internal,
    Public,
    check_trigger_type,
    check_wait_type,
    entry_of,
    pattern_matches,
    patterns_of,
)

#: As published: event, source kind, triggerable, sent when, meta fields.
PUBLISHED = """
artifact.created | artifact | Yes | An artifact is produced during a run. | artifact_id, loop_run_id, kind, content_type
email.received | email | Yes | Email arrives at a Mobius agent address. | agent_id
http_trigger.received | http_trigger | Yes | An inbound request reaches an HTTP trigger URL. | trigger_id, http_handle
interaction.resolved | interaction | No | An interaction resolves from a participant response. | interaction_id, kind, status, responder_id, resolving_response_id
run.cancelled | loop_run | Yes | A loop run reaches cancelled. | run_id, loop_id
run.completed | loop_run | Yes | A loop run reaches completed. | run_id, loop_id
run.failed | loop_run | Yes | A loop run reaches failed. | run_id, loop_id
session.message.created | session | Yes | A new message is posted in an agent session. | session_id, agent_id, message_id, role
signal.<name> | signal | No | A signal is sent to a run-scoped wait. | run_id, signal_name
table.row.deleted | table_row | Yes | A table row is deleted. | table_name, table_id, row_id
table.row.inserted | table_row | Yes | A table row is inserted. | table_name, table_id, row_id
table.row.updated | table_row | Yes | A table row is updated. | table_name, table_id, row_id
"""  # noqa: E501
ROWS = [
    pytest.param(*(cell.strip() for cell in line.split("|")), id=line.split(" ")[0])
    for line in PUBLISHED.strip().splitlines()
]
#: As published: event and why it exists.
PUBLISHED_INTERNAL = {
    "interaction.http_subscriber.dispatch": "Dispatches an interaction callback to an"
    " HTTP subscriber.",
    "loop.http_trigger.received": "Starts the asynchronous handler for an HTTP"
    " trigger.",
    "loop.run_allocation.completed": "Records a worker-reported completed run"
    " allocation.",
    "loop.run_allocation.failed": "Records a worker-reported failed run allocation.",
    "loop.schedule.tick": "Starts the asynchronous handler for a schedule trigger.",
    "loop_run.continue": "Re-executes a run after a step lease expires.",
    "loop_run.resume": "Resumes a run when a timer or signal is due.",
    "run.progress_initial": "Starts server-side progression for a newly persisted run.",
    "run.resume": "Resumes a suspended run from the older resume path.",
    "schedule.tick": "Records a schedule tick before the public loop handler runs.",
}


@pytest.mark.parametrize(("name", "kind", "triggerable", "when", "meta"), ROWS)
def test_a_published_row_is_a_row_of_the_catalogue(
    name: str, kind: str, triggerable: str, when: str, meta: str
) -> None:
    entry = entry_of(name.replace("<name>", "go"))

    assert entry is not None
    assert (entry.name, entry.public, entry.waitable) == (name, True, True)
    assert (entry.source_kind, entry.when) == (kind, when)
    assert entry.triggerable is (triggerable == "Yes")
    assert ", ".join(entry.meta_fields) == meta


def test_the_catalogue_has_no_other_public_row_but_families() -> None:
    published = {row.values[0] for row in ROWS}
    families = {"custom.<name>"} | {
        f"{provider}.<resource>.<verb>"
        for provider in ("github", "linear", "slack", "gmail", "jira")
    }
    assert {entry.name for entry in TYPES if entry.public} == published | families


@pytest.mark.parametrize(("name", "why"), PUBLISHED_INTERNAL.items())
def test_a_published_internal_row_is_known_and_refused_everywhere(
    name: str, why: str
) -> None:
    entry = entry_of(name)

    assert entry is not None
    assert (entry.public, entry.triggerable, entry.waitable) == (False, False, False)
    assert entry.description == why
    assert "internal" in check_trigger_type(name)
    assert "internal" in check_wait_type(name)
    assert patterns_of(name) == []


def test_every_internal_row_has_a_name_in_code() -> None:
    internal = {entry.name for entry in TYPES if not entry.public}
    assert {kind.value for kind in Internal} == internal > PUBLISHED_INTERNAL.keys()


def test_every_name_code_uses_is_in_the_catalogue() -> None:
    fixed = {entry.name for entry in TYPES if entry.public and not entry.prefix}
    assert {kind.value for kind in Public} == fixed


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_an_example_is_an_envelope_with_every_routing_field(
    entry: EventType,
) -> None:
    example = entry.example
    assert [*example] == ["event_type", "source_kind", "source_id", "event", "meta"]
    if entry.public:
        assert example["meta"].keys() == {"event_type", *entry.meta_fields}
        assert set(entry.required) <= example["event"].keys()
        assert example["meta"]["event_type"] == example["event_type"]
        assert entry_of(example["event_type"]) is entry
        assert set(entry.meta_schema["required"]) == example["meta"].keys()


TRIGGERABLE = (
    *("run.completed", "run.*", "table.row.inserted", "table.row.*", "table.*"),
    *("artifact.created", "email.received", "http_trigger.received"),
    *("session.message.created", "custom.payment.received", "custom.*", "custom.a.*"),
    *("github.pull_request.opened", "github.pull_request.*", "github.*"),
    *("slack.event", "linear.issue.created", "gmail.message.received"),
    "jira.issue.updated",
)
WAITABLE_ONLY = (
    *("interaction.resolved", "interaction.*", "signal.go", "signal.*"),
    *("signal.Any name at all!", "signal.deploy.*"),
)
REFUSED = {
    "": "is no event type",
    "*": "one trailing wildcard",
    ".*": "one trailing wildcard",
    "ru*": "one trailing wildcard",
    "run.*.x": "one trailing wildcard",
    "github.*.opened": "one trailing wildcard",
    "github.*.*": "one trailing wildcard",
    "run.completed.*": "no event type is below run.completed.",
    "nothing.*": "no event type is below nothing.",
    "run.complete": "is it run.completed?",
    "table.row.insert": "is it table.row.inserted?",
    "github": "is no event type",
    "custom": "is no event type",
    "custom.": "is no event type",
    "custom.Upper": "lower case",
    "custom..a": "lower case",
    "custom.a b": "lower case",
    "github.pull request.opened": "lower case",
    "custom." + "a" * 122: "at most 128",
    "signal.\x00": "NUL",
    "loop.*": "internal",
    "loop_run.*": "internal",
    "schedule.*": "add a schedule trigger",
    "schedule.tick": "add a schedule trigger",
    "loop.schedule.tick": "add a schedule trigger",
    "loop.http_trigger.received": "add an http trigger",
    "job.claimed": "run.completed",
}


@pytest.mark.parametrize("event_type", TRIGGERABLE)
def test_triggers_and_waits_take_it(event_type: str) -> None:
    assert check_trigger_type(event_type) == ""
    assert check_wait_type(event_type) == ""


@pytest.mark.parametrize("event_type", WAITABLE_ONLY)
def test_waits_take_it_and_triggers_are_told_to_wait(event_type: str) -> None:
    assert check_wait_type(event_type) == ""
    assert "wait_for_event" in check_trigger_type(event_type)


@pytest.mark.parametrize(("event_type", "told"), REFUSED.items())
def test_neither_takes_it_and_both_say_why(event_type: str, told: str) -> None:
    assert told in check_trigger_type(event_type)
    assert told in check_wait_type(event_type)


@pytest.mark.parametrize(
    ("event_type", "patterns"),
    [
        ("run.completed", ["run.completed", "run.*", "*"]),
        ("custom.b.c", ["custom.b.c", "custom.b.*", "custom.*", "*"]),
        ("signal.go", ["signal.go", "signal.*", "*"]),
        ("signal.*", ["signal.*", "*"]),
        ("signal.b.", ["signal.b.", "signal.*", "*"]),
        ("run.resume", []),
        ("unknown.type", []),
    ],
)
def test_a_type_has_these_patterns(event_type: str, patterns: list[str]) -> None:
    assert patterns_of(event_type) == patterns


WORDS = st.sampled_from(["a", "b", "ab", "*", "", "a*"])
FIRST = st.sampled_from(["custom", "signal", "run", "github", "loop", "completed"])
NAMES = st.builds(lambda first, rest: ".".join([first, *rest]), FIRST, st.lists(WORDS))


@given(NAMES, NAMES | st.builds("{}.*".format, NAMES))
def test_a_pattern_matches_exactly_the_types_that_list_it(
    event_type: str, pattern: str
) -> None:
    assert (pattern in patterns_of(event_type)) == pattern_matches(pattern, event_type)


@given(NAMES)
def test_every_pattern_of_a_type_matches_it_and_none_stands_twice(
    event_type: str,
) -> None:
    patterns = patterns_of(event_type)
    assert len(patterns) == len(set(patterns)) <= event_type.count(".") + 2
    assert all(pattern_matches(pattern, event_type) for pattern in patterns)


@given(NAMES)
def test_what_triggers_may_name_waits_may_name_too(event_type: str) -> None:
    if check_trigger_type(event_type) == "":
        assert check_wait_type(event_type) == ""
