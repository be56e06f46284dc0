"""Random rules, random people, anything at any moment: a question is resolved at most
once, its run resumes exactly once, and never by somebody who was not asked."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.identity.models import Project
from apps.interactions.models import Interaction
from apps.kernel import clock
from tests.interactions.chance import Cast, Play
from tests.interactions.conftest import api_of
from tests.interactions.scenes import group_target, lines, start, step, team
from tests.support.drive import dispatch_all
from tests.support.frozen import NOON, FrozenClock

ANSWERS = ("yes", "yes", "no", "nonsense")
CHANGES = ("claim", "release", "delegate", "delegate", "accept", "again")
ENDS = ("cancel", "signal", "tick")
WHO = st.integers(0, 6)
WHOM = st.integers(0, 3)
#: Who acts, what they do, to whom, and a choice that each act reads its own way.
ANSWER = st.tuples(WHOM, st.sampled_from(ANSWERS), WHOM, st.just(False))
FOR_ANOTHER = st.tuples(WHO, st.sampled_from(ANSWERS), WHOM, st.booleans())
CHANGE = st.tuples(WHO, st.sampled_from(CHANGES), WHOM, st.booleans())
REVIEW = st.tuples(WHOM, st.sampled_from(("accept", "again")), WHOM, st.booleans())
REST = st.tuples(WHO, st.sampled_from(ENDS), WHOM, st.booleans())
PAUSE = st.tuples(WHO, st.sampled_from(("tick", "dispatch")), WHOM, st.just(True))
ACTS = st.one_of(*[ANSWER] * 3, *[FOR_ANOTHER] * 2, *[CHANGE] * 2, REVIEW, PAUSE, REST)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Whom a question asks and what it takes to answer it."""
    asked = draw(st.sets(st.integers(0, 3), min_size=1))
    policy = draw(st.sampled_from(["any_of", "all_of", "quorum"]))
    found: dict[str, Any] = {
        "asked": sorted(asked),
        "as_group": draw(st.booleans()),
        "resolution_policy": policy,
        "exclude_initiator": draw(st.booleans()),
        "allow_delegation": draw(st.booleans()),
    }
    if policy == "quorum":
        # A group may be too small; who starts the run may be left out of it.
        threshold = draw(st.integers(1, 3 if found["as_group"] else len(asked)))
        found["resolution_policy"] = {"type": policy, "threshold": threshold}
    if draw(st.booleans()):
        found["escalates_to"] = draw(st.integers(0, 3))
    if draw(st.integers(0, 3)) == 0:
        found["reviewers"] = [draw(st.integers(0, 3))]
    return found


def block_of(cast: Cast, rule: dict[str, Any]) -> dict[str, Any]:
    """The step that asks by this rule."""
    asked = [cast.members[number] for number in rule["asked"]]
    group = group_target(team(cast.project, *asked)) if rule["as_group"] else None
    names = ("resolution_policy", "exclude_initiator", "allow_delegation")
    block = {name: rule[name] for name in names} | {"reminders": ["1h"]}
    if "escalates_to" in rule:
        member = cast.members[rule["escalates_to"]]
        block["escalation"] = [{"after": "2h", "targets": [member.id]}]
    if "reviewers" in rule:
        ids = [cast.members[number].id for number in rule["reviewers"]]
        block["review"] = {"reviewers": ids}
    return step(group or [who.id for who in asked], timeout="24h", **block)


@pytest.fixture
def time_(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """The clock of the whole process; it moves when the test says so."""
    standing = FrozenClock()
    monkeypatch.setattr(clock, "now", standing)
    return standing


@pytest.fixture
def cast(project: Project, time_: FrozenClock) -> Cast:
    """Everybody who may act."""
    return Cast(project)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rule=rules(), acts=st.lists(ACTS, min_size=4, max_size=20))
def test_whatever_people_do_there_is_one_answer_or_none(
    cast: Cast,
    time_: FrozenClock,
    rule: dict[str, Any],
    acts: list[tuple[int, str, int, bool]],
) -> None:
    time_.at = NOON
    with transaction.atomic():
        play_through(cast, time_, rule, acts)
        transaction.set_rollback(True)


def play_through(
    cast: Cast,
    time_: FrozenClock,
    rule: dict[str, Any],
    acts: list[tuple[int, str, int, bool]],
) -> None:
    run_id = start(api_of(cast.boss), block_of(cast, rule))
    row = Interaction.objects.filter(run_id=run_id).first()
    if row is None:
        (failed,) = lines(run_id, "run.failed")
        assert failed["error_type"] == "NobodyToAsk"
        return
    play = Play(cast, time_, run_id, row)
    for act in acts:
        play.act(*act)
    dispatch_all()
    play.end()
    row.refresh_from_db()
    event(row.status)
