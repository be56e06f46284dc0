"""Laws of the rule by chance: random rules, random answers, no database."""

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.interactions.resolution import Answer, Outcome, Rule, in_words, outcome_of

MODES = ("confirm", "select", "multi_select", "input", "form")
VALUES = {
    "confirm": st.booleans(),
    "select": st.sampled_from(["keep", "drop", "burn"]),
    "multi_select": st.lists(st.sampled_from(["a", "b"]), unique=True),
    "input": st.text(max_size=3),
    "form": st.dictionaries(st.sampled_from(["x", "y"]), st.integers()),
}


@st.composite
def ballots(draw: st.DrawFn) -> tuple[Rule, list[Answer]]:
    """A rule, and what everybody says in the order of saying it."""
    asked = draw(st.integers(1, 8))
    policy = draw(st.sampled_from(["any_of", "all_of", "quorum"]))
    threshold = draw(st.integers(1, asked)) if policy == "quorum" else None
    mode = draw(st.sampled_from(MODES))
    values = draw(st.lists(VALUES[mode], min_size=asked, max_size=asked))
    answers = [Answer(f"r{n}", value) for n, value in enumerate(values)]
    return Rule(policy, threshold, mode), answers


def first_outcome(rule: Rule, answers: list[Answer]) -> tuple[int, Outcome]:
    """After how many answers there is an outcome, and which."""
    for count in range(len(answers) + 1):
        found = outcome_of(rule, answers[:count], asked=len(answers))
        if found is not None:
            return count, found
    raise AssertionError("everybody answered and nothing came of it")


def needed(rule: Rule, answers: list[Answer]) -> int:
    """After how many answers there has to be an outcome, in other words."""
    if rule.policy == "any_of":
        return 1
    if rule.policy == "all_of":
        return len(answers)
    threshold = rule.threshold or 1
    if rule.mode != "confirm":
        return threshold
    left = len(answers) - threshold
    for count in range(1, len(answers) + 1):
        yes = sum(answer.value for answer in answers[:count])
        if yes == threshold or count - yes > left:
            return count
    raise AssertionError("a quorum is reached or out of reach in the end")


@settings(max_examples=300, deadline=None)
@given(ballots())
def test_an_outcome_comes_with_the_answer_that_decides_not_before_nor_later(
    ballot: tuple[Rule, list[Answer]],
) -> None:
    rule, answers = ballot

    count, outcome = first_outcome(rule, answers)

    assert count == needed(rule, answers)
    assert outcome.response_id == answers[count - 1].response_id
    assert outcome.resolved_by.startswith(rule.policy)


@settings(max_examples=300, deadline=None)
@given(ballots())
def test_the_value_of_an_outcome_is_what_was_said(
    ballot: tuple[Rule, list[Answer]],
) -> None:
    rule, answers = ballot
    count, outcome = first_outcome(rule, answers)
    said: list[Any] = [answer.value for answer in answers[:count]]

    if rule.mode == "confirm" and rule.policy == "quorum":
        assert outcome.value is (said.count(True) >= (rule.threshold or 1))
    elif rule.mode == "confirm":
        assert outcome.value is all(said)
    elif rule.mode == "select":
        most = max(said.count(value) for value in said)
        assert outcome.value == next(v for v in said if said.count(v) == most)
    else:
        assert outcome.value == said[-1]


@settings(max_examples=100, deadline=None)
@given(ballots(), st.integers(1, 4))
def test_more_people_asked_never_decide_sooner(
    ballot: tuple[Rule, list[Answer]], more: int
) -> None:
    rule, answers = ballot

    for fewer, others in pairwise(range(len(answers), len(answers) + more + 1)):
        for count in range(len(answers) + 1):
            before = outcome_of(rule, answers[:count], asked=fewer)
            after = outcome_of(rule, answers[:count], asked=others)
            assert before is not None or after is None


@settings(max_examples=100, deadline=None)
@given(ballots())
def test_people_read_how_many_have_to_answer(ballot: tuple[Rule, list[Answer]]) -> None:
    rule, answers = ballot
    asked = len(answers)

    words = in_words(rule, asked)

    if rule.policy == "quorum":
        assert words.startswith(f"{rule.threshold} of {asked} must ")
    elif asked > 1:
        assert str(asked) in words
