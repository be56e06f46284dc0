"""Stories of edges, forks and joins."""

from typing import Any

import pytest

from apps.engine.decisions import EnqueueJob, FinishRun
from apps.engine.inputs import RetryRequested, TimerFired
from tests.engine.stories import HOUR, NINE, Story, action, spec_of


def to(*names: str, **more: Any) -> dict[str, Any]:
    """Return ``next`` with an unnamed edge to each of ``names``."""
    return {"next": [{"step": name} for name in names], **more}


def fork(**branches: str) -> dict[str, Any]:
    """Return ``next`` with a branch, by name, to each step."""
    return {"next": [{"step": to, "branch": name} for name, to in branches.items()]}


def join(branches: list[str], *, then: str = "end", **more: Any) -> dict[str, Any]:
    block = {"branches": branches, **more} if branches else more
    return {"name": "j", "join": block, **to(then)}


END = action("end", parameters={"all": "${state}"}, store="last")


def jobs(story: Story) -> list[tuple[str, str]]:
    return [(job.step, job.path) for job in story.decided(EnqueueJob)]


def test_with_any_next_a_step_without_one_ends_its_path() -> None:
    story = Story(spec_of(action("a", **to("c")), action("b"), action("c")))

    assert jobs(story.complete(1)) == [("c", "main")]
    assert story.complete(2, "end").result == "end"


@pytest.mark.parametrize(
    ("score", "strategy", "followed"),
    [
        (90, "first", ["high"]),
        (60, "first", ["middle"]),
        (10, "first", ["low"]),
        (90, "all", ["high", "middle", "low"]),
        (10, "all", ["low"]),
    ],
)
def test_edges_are_followed_by_strategy(
    score: int, strategy: str, followed: list[str]
) -> None:
    edges = [
        {"step": "high", "condition": "state.score > 80"},
        {"step": "middle", "condition": "${state.score > 50}"},
        {"step": "low", "condition": "TRUE"},
    ]
    rate = action("rate", store="score", next=edges, edge_matching_strategy=strategy)
    spec = spec_of(rate, action("high"), action("middle"), action("low"))

    story = Story(spec).complete(1, score)

    assert [step for step, _ in jobs(story)] == followed


def test_no_edge_that_holds_ends_the_path() -> None:
    spec = spec_of(action("a", next=[{"step": "b", "condition": "false"}]), action("b"))

    assert Story(spec).complete(1, 5).result == 5


def test_a_condition_without_a_value_fails_the_step() -> None:
    edges = [{"step": "b", "condition": "state.x > 1"}]
    story = Story(spec_of(action("a", next=edges), action("b"))).complete(1)

    assert story.the(FinishRun).error_type == "expression_error"
    assert story.events == [
        "action.completed",
        "usage.recorded",
        "step.failed",
        "run.failed",
    ]


def test_unnamed_forks_get_names_and_events_name_their_path() -> None:
    story = Story(spec_of(action("a", **to("b", "c")), action("b"), action("c")))

    story.complete(1)
    assert jobs(story) == [("b", "main_1"), ("c", "main_2")]

    story.complete(2, "x")
    assert story.event("step.completed")["path"] == "main_1"
    assert story.complete(3, "y").result == {"b": "x", "c": "y"}


def test_branches_do_not_see_each_other() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b")),
        action("a", store="x", **to("a2")),
        action("b", store="x", **to("b2")),
        action("a2", parameters={"x": "${state.x}"}),
        action("b2", parameters={"x": "${state.x}"}),
        state={"x": 0},
    )
    story = Story(spec).complete(1)

    assert story.complete(2, "from a").the(EnqueueJob).parameters == {"x": "from a"}
    assert story.complete(3, "from b").the(EnqueueJob).parameters == {"x": "from b"}


def test_a_join_brings_branches_back_to_the_path_that_forked() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b")),
        action("a", store="x", **to("j")),
        action("b", store="y", **to("j")),
        join(["a", "b"], branch_mappings={"a.x": "from_a", "a.none": "never"}),
        END,
        outputs=[{"name": "last", "variable": "last"}],
    )
    story = Story(spec).complete(1).complete(2, 1)
    assert story.status == "queued"

    story.complete(3, 2)
    assert jobs(story) == [("end", "main")]
    assert story.the(EnqueueJob).parameters == {"all": {"from_a": 1, "b": {"y": 2}}}
    assert story.complete(4, "fin").result == {"last": "fin"}


def test_a_path_that_only_waits_goes_on_when_the_listed_branches_ended() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b", final="j")),
        action("a", store="x"),
        action("b", store="x"),
        join(["a", "b"], branch_mappings={"a.x": "va", "b": "all_b"}),
        END,
        outputs=[{"name": "r", "variable": "last", "branch": "final"}],
    )
    story = Story(spec).complete(1).complete(2, 1).complete(3, 2)

    assert jobs(story) == [("end", "final")]
    assert story.the(EnqueueJob).parameters["all"] == {"va": 1, "all_b": {"x": 2}}
    assert story.complete(4, "ok").result == {"r": "ok"}


def test_a_join_with_a_count_does_not_wait_for_the_rest() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b", c="c")),
        action("a", **to("j")),
        action("b", **to("j")),
        action("c", **to("j")),
        join(["a", "b", "c"], count=2),
        END,
    )
    story = Story(spec).complete(1).complete(4).complete(2)
    assert jobs(story) == [("end", "main")]

    assert story.complete(3, "late").status == "queued"
    assert story.complete(5, "done").result == "done"


def test_a_join_that_lists_nothing_waits_for_all_others() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b")),
        action("a", **to("j")),
        action("b", **to("j")),
        join([]),
        END,
    )
    story = Story(spec).complete(1).complete(2)
    assert jobs(story) == []

    assert jobs(story.complete(3)) == [("end", "main")]


@pytest.mark.parametrize("listed", [True, False])
def test_nested_forks_come_back_one_after_the_other(listed: bool) -> None:
    inner = {"name": "k", "join": {"branches": ["c", "d"] if listed else []}, **to("j")}
    spec = spec_of(
        action("s", **fork(a="a", b="b")),
        action("a", **fork(c="c", d="d")),
        action("b", **to("j")),
        action("c", **to("k")),
        action("d", **to("k")),
        inner,
        join(["a", "b"] if listed else []),
        END,
    )
    story = Story(spec).complete(1).complete(3).complete(2).complete(4)
    assert jobs(story) == []

    assert jobs(story.complete(5)) == [("end", "main")]


def test_a_join_whose_branches_cannot_come_fails_the_run() -> None:
    spec = spec_of(
        action(
            "s",
            next=[
                {"step": "a", "branch": "a"},
                {"step": "b", "branch": "b", "condition": "false"},
            ],
        ),
        action("a", **to("j")),
        action("b", **to("j")),
        join(["a", "b"]),
        END,
    )
    story = Story(spec).complete(1).complete(2)

    assert story.the(FinishRun).error_type == "join_unreachable"
    assert story.tell(RetryRequested(NINE)).status == "failed"


def test_a_failing_branch_ends_the_run_and_a_retry_restarts_unfinished_branches() -> (
    None
):
    spec = spec_of(
        action("s", **fork(a="a", b="b", c="c")),
        action("a", **to("j")),
        action("b", **to("j")),
        {"name": "c", "sleep": {"duration": "1h"}, **to("j")},
        join(["a", "b", "c"]),
        END,
    )
    story = Story(spec).complete(1).complete(2).fail(3, error_type="fatal_error")
    assert story.status == "failed"

    story.tell(RetryRequested(NINE + HOUR))
    assert jobs(story) == [("b", "b")]
    assert story.wait_of("c").due_at == NINE + 2 * HOUR

    (timer,) = story.tasks - {story.the(EnqueueJob).task_id}
    story.complete(story.the(EnqueueJob).task_id)
    assert jobs(story.tell(TimerFired(NINE + 2 * HOUR, timer))) == [("end", "main")]


def test_a_branch_can_be_taken_again_in_a_loop() -> None:
    spec = spec_of(
        action("s", **fork(a="a", b="b")),
        action("a", **to("j")),
        action("b", **to("j")),
        join(["a", "b"], then="again"),
        action("again", store="more", next=[{"step": "s", "condition": "state.more"}]),
    )
    story = Story(spec)
    for _ in range(2):
        start = min(story.tasks)
        story.complete(start).complete(start + 1).complete(start + 2)
        assert jobs(story) == [("again", "main")]
        story.complete(start + 3, start == 1)

    assert story.status == "completed"


def test_a_loop_that_never_waits_is_stopped() -> None:
    idle: dict[str, Any] = {"each": {"items": []}}
    spec = spec_of(action("a", **to("b"), **idle), action("b", **to("a"), **idle))

    assert Story(spec).the(FinishRun).error_type == "step_limit"


def test_a_run_has_a_last_step() -> None:
    spec = spec_of(action("a", **to("a")))
    story = Story(spec)
    for task_id in range(1, 10_001):
        story.complete(task_id)

    assert story.the(FinishRun).error_type == "step_limit"


def test_a_fork_without_end_is_stopped() -> None:
    spec = spec_of(action("a", **to("a", "a"), each={"items": []}))

    assert Story(spec).the(FinishRun).error_type == "step_limit"


def test_a_loop_of_joins_that_keep_whole_branches_is_stopped() -> None:
    spec = spec_of(
        {"name": "s", "sleep": {"duration": "1s"}, **fork(a="j", b="j")},
        join(["a", "b"], then="s"),
    )
    story = Story(spec)
    while story.status == "suspended":
        story.tell(TimerFired(NINE + HOUR * story.state.next_task_id, *story.tasks))

    assert story.the(FinishRun).error_type == "expression_error"
    assert story.state.next_task_id < 40
