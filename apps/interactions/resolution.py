"""Pure: when the answers to a question make an outcome, and which.

A question is put to some people; each answers once a round. The rule says how many
answers it takes:

``any_of``   the first answer is the outcome.
``all_of``   everybody has to answer. A confirmation is confirmed by all or not at all.
``quorum``   ``threshold`` answers are enough. Confirmations need that many approvals,
             and are rejected as soon as so many can no longer come. While fewer
             people are asked than have to answer, others are still to be asked.

Where several answers make one outcome, its value is: for confirmations, whether it
was confirmed; for a choice, the option chosen most often, among equals the one that
got there first; for everything else the last answer given.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

ANY_OF: Final = "any_of"
ALL_OF: Final = "all_of"
QUORUM: Final = "quorum"


@dataclass(frozen=True, slots=True)
class Rule:
    """How many answers it takes. ``mode`` is how the question is answered."""

    policy: str = ANY_OF
    threshold: int | None = None
    mode: str = "confirm"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of those who are asked said, in the order of answering."""

    response_id: str
    value: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, the answer that decided, and the rule in words."""

    value: Any
    response_id: str
    resolved_by: str


def outcome_of(rule: Rule, answers: Sequence[Answer], *, asked: int) -> Outcome | None:
    """Return the outcome of ``answers``, None while more are needed.

    ``asked`` counts everybody whose word counts, those who answered included.
    """
    if not answers:
        return None
    last = answers[-1]
    if rule.policy == ALL_OF:
        if len(answers) < asked:
            return None
        value = _joint(rule.mode, answers)
        return Outcome(value, last.response_id, f"all_of: {asked} of {asked} answered")
    if rule.policy == QUORUM:
        return _quorum(rule, answers, asked)
    return Outcome(last.value, last.response_id, f"any_of: the first of {asked} asked")


def _quorum(rule: Rule, answers: Sequence[Answer], asked: int) -> Outcome | None:
    needed = rule.threshold or 1
    if asked < needed:
        return None  # an escalation is to bring the others
    last = answers[-1].response_id
    if rule.mode != "confirm":
        if len(answers) < needed:
            return None
        words = f"quorum: {len(answers)} of {asked} answered, {needed} needed"
        return Outcome(_joint(rule.mode, answers), last, words)
    approved = sum(answer.value is True for answer in answers)
    rejected = len(answers) - approved
    if approved >= needed:
        return Outcome(
            True, last, f"quorum: {approved} of {asked} approved, {needed} needed"
        )
    if rejected > asked - needed:
        return Outcome(
            False, last, f"quorum: {rejected} of {asked} rejected, {needed} needed"
        )
    return None


def _joint(mode: str, answers: Sequence[Answer]) -> Any:
    if mode == "confirm":
        return all(answer.value is True for answer in answers)
    if mode == "select":
        # Counter keeps the order in which it met its keys: the first wins a draw.
        return Counter(answer.value for answer in answers).most_common(1)[0][0]
    return answers[-1].value


def in_words(rule: Rule, asked: int) -> str:
    """Return the rule as people read it."""
    verb = "approve" if rule.mode == "confirm" else "answer"
    if rule.policy == QUORUM:
        return f"{rule.threshold or 1} of {asked} must {verb}"
    if asked <= 1:
        return "One answer decides"
    if rule.policy == ALL_OF:
        return f"All {asked} must {verb}"
    return f"The first of {asked} to answer decides"
