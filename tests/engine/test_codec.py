"""The written form of a state."""

import json

import pytest

from apps.engine import RunState, decode_state, encode_state
from tests.engine.stories import Story, action, spec_of


def test_a_new_run_is_a_few_characters_and_repeats_no_inputs() -> None:
    story = Story(spec_of(action("a")), {"secret": "x" * 1000})

    data = encode_state(story.state)

    assert data["v"] == 1
    assert "inputs" not in data
    assert len(json.dumps(data)) < 200


def test_the_state_before_the_first_input_can_be_written() -> None:
    state = RunState.begin({"n": 1})

    assert decode_state(encode_state(state), {"n": 1}) == state


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        decode_state({**encode_state(RunState.begin({})), "v": 2}, {})
