"""Stories of waits for events: in vain, made by templates, ended by signals."""

from datetime import timedelta

from apps.engine import parse_spec
from apps.engine.decisions import (
    CloseWait,
    EnqueueJob,
    FinishRun,
    OpenWait,
    SubscribeEvent,
)
from apps.engine.inputs import TimerFired
from tests.engine.event_stories import paid, received, wait
from tests.engine.stories import HOUR, NINE, Story, action, spec_of


def test_a_wait_in_vain_fails_with_timeout() -> None:
    story = Story(spec_of(wait(timeout="1h"))).tell(TimerFired(NINE + HOUR, 1))

    assert story.asked[0] == CloseWait(1, "timed_out")
    assert story.events == ["wait.timed_out", "step.failed", "run.failed"]
    assert story.event("wait.timed_out")["wait_kind"] == "event"
    assert story.the(FinishRun).error_type == "timeout"
    assert story.tell(received(paid())).asked == ()


def test_a_wait_in_vain_goes_where_on_timeout_leads() -> None:
    step = wait(timeout="1h", on_timeout="late")
    story = Story(spec_of(step, action("never"), action("late")))

    story.tell(TimerFired(NINE + HOUR, 1))

    assert story.the(EnqueueJob).step == "late"


def test_a_wait_that_is_tried_again_listens_without_a_gap() -> None:
    retry = [{"error_equals": ["timeout"], "max_retries": 1, "base_delay": "10s"}]
    catch = [{"error_equals": ["timeout"], "next": "late"}]
    step = {**wait(timeout="1h"), "retry": retry, "catch": catch}
    story = Story(spec_of(step, action("never"), action("late")))

    story.tell(TimerFired(NINE + 3 * HOUR, 1))

    again = story.the(SubscribeEvent)
    assert (again.task_id, again.since) == (2, NINE + HOUR)
    assert story.the(OpenWait).due_at == NINE + 4 * HOUR + timedelta(seconds=10)
    story.tell(TimerFired(NINE + 9 * HOUR, 2))
    assert story.the(EnqueueJob).step == "late"


def test_a_type_made_by_a_template_is_checked_when_the_wait_begins() -> None:
    def problem(event_type: str) -> str:
        return "" if event_type.startswith("custom.") else "only custom ones"

    authored = {
        "name": "x",
        "steps": [wait(event_type="${inputs.kind}", source_id="${inputs.from}")],
    }
    spec = parse_spec(authored, event_type_problem=problem)

    good = Story(spec, {"kind": "custom.a", "from": "x"})
    assert good.the(SubscribeEvent).event_type == "custom.a"

    for inputs in ({"kind": "run.resume"}, {}, {"kind": "custom.a", "from": "x" * 129}):
        bad = Story(spec, inputs)
        assert bad.the(FinishRun).error_type == "expression_error"


SIGNALLED = wait(event_type="signal.go")


def test_a_signal_to_the_run_is_an_event_too() -> None:
    story = Story(spec_of(SIGNALLED, action("a")))
    assert story.decided(SubscribeEvent) == []
    assert story.the(OpenWait).subject == "signal.go"

    story.signal("no", 0, id="s0").signal("go", {"n": 1}, id="s1")

    assert story.status == "queued"
    line = story.event("wait.resumed")
    assert line["signal_id"] == "s1"
    assert line["payload"]["event_type"] == "signal.go"
    assert line["payload"]["event"] == {
        "signal_id": "s1",
        "name": "go",
        "payload": {"n": 1},
    }
    assert story.signal("go", {"n": 1}, id="s1").asked == ()


def test_a_signal_before_its_wait_is_kept_for_it() -> None:
    step = wait(
        event_type="signal.*",
        condition="event.payload.n > 1",
        payload_mapping={"n": "event.payload.n"},
    )
    story = Story(spec_of(action("a"), step))
    story.signal("go", {"n": 1}, id="s1").signal("come", {"n": 2}, id="s2")

    story.complete(1)

    assert story.result == {"n": 2}
    assert [signal.id for signal in story.state.signals] == ["s1"]


def test_a_signal_is_taken_once_by_whoever_waited_first() -> None:
    fork = {"next": [{"step": "v", "branch": "a"}, {"step": "w", "branch": "b"}]}
    other = {"name": "w", "wait_signal": {"topic": "go", "timeout": "1h"}}
    story = Story(
        spec_of(action("s", **fork), {**SIGNALLED, "name": "v"}, other)
    ).complete(1)

    story.signal("go", 1, id="s1")
    assert story.event("wait.resumed")["step"] == "v"
    story.signal("go", 2, id="s2")

    assert story.result["w"] == 2


def test_a_signal_whose_mapping_has_no_value_fails_the_step() -> None:
    step = wait(event_type="signal.go", payload_mapping={"n": "event.payload + 1"})

    story = Story(spec_of(step)).signal("go", "x")
    assert story.the(FinishRun).error_type == "expression_error"

    kept = Story(spec_of(action("a"), step)).signal("go", "x").complete(1)
    assert kept.the(FinishRun).error_type == "expression_error"
