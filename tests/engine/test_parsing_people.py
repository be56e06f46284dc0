"""The ``interaction`` block: who is asked, by which rule, and who hears of it when."""

from typing import Any

import pytest

from tests.engine.blocks import TWO_HOURS, asked, problems


@pytest.mark.parametrize(
    "changes",
    [
        {"target": {"type": "agent", "id": "agent_1"}},
        {"target": {"type": "group", "id": "legal", "require_all": True}},
        {"target": None, "targets": ["u1", {"type": "group", "id": "legal"}]},
        {"target": None, "targets": ["u"] * 100},
        {"resolution_policy": "any_of"},
        {"resolution_policy": {"type": "all_of"}},
        {"resolution_policy": {"type": "quorum", "threshold": 1}},
        {
            "target": {"type": "group", "id": "legal"},
            "resolution_policy": {"type": "quorum", "threshold": 5},
        },
        {
            "target": {"type": "user", "id": "u", "require_all": False},
            "resolution_policy": "any_of",
        },
        {"exclude_initiator": True, "allow_delegation": True},
        {"reminders": ["1h", "PT2H", "23h59m"]},
        {"reminders": [f"{n + 1}m" for n in range(10)]},
        {"escalation": [TWO_HOURS, {"after": "3h", "targets": ["a", "b"]}]},
        {"review": {}},
        {"review": {"reviewers": ["u2"]}},
        {"delivery": {"channels": [{"kind": "inbox_only"}, {"kind": "email"}]}},
        {"delivery": {"channels": [{"kind": "email", "email": {}}]}},
        {
            "delivery": {
                "channels": [{"kind": "email", "email": {"to": ["a@b.example"]}}]
            }
        },
    ],
)
def test_sound_people_and_rules_are_read(changes: dict[str, Any]) -> None:
    assert problems(asked(**changes)) == {}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"target": None}, "target", "required"),
        ({"target": {"id": "u"}}, "target.type", "required"),
        (
            {"target": {"type": "member", "id": "u"}},
            "target.type",
            "expected one of user, group, agent",
        ),
        ({"target": {"type": "user", "id": " "}}, "target.id", "must not be blank"),
        (
            {"target": {"type": "user", "id": "u", "require_all": 1}},
            "target.require_all",
            "expected true or false",
        ),
        ({"targets": ["u"]}, "targets", "give either target or targets"),
        ({"target": None, "targets": []}, "targets", "expected at least one target"),
        ({"target": None, "targets": "u"}, "targets", "expected an array"),
        ({"target": None, "targets": ["u"] * 101}, "targets", "more than 100 entries"),
        ({"target": None, "targets": [" "]}, "targets[0]", "must not be blank"),
        ({"target": None, "targets": [5]}, "targets[0]", "expected an object"),
        ({"target": None, "targets": [{"type": "user"}]}, "targets[0].id", "required"),
        (
            {
                "target": None,
                "targets": [{"type": "user", "id": "u", "require_all": True}],
            },
            "targets[0].require_all",
            "unknown field",
        ),
        (
            {"resolution_policy": "most_of"},
            "resolution_policy",
            "expected one of any_of, all_of, quorum",
        ),
        (
            {"resolution_policy": "quorum"},
            "resolution_policy",
            "expected an object: quorum has a threshold",
        ),
        ({"resolution_policy": 5}, "resolution_policy", "expected an object"),
        ({"resolution_policy": {"threshold": 1}}, "resolution_policy.type", "required"),
        (
            {"resolution_policy": {"type": "quorum"}},
            "resolution_policy.threshold",
            "required",
        ),
        (
            {"resolution_policy": {"type": "quorum", "threshold": 0}},
            "resolution_policy.threshold",
            "expected at least 1",
        ),
        (
            {"resolution_policy": {"type": "quorum", "threshold": "2"}},
            "resolution_policy.threshold",
            "expected a whole number",
        ),
        (
            {"resolution_policy": {"type": "any_of", "threshold": 1}},
            "resolution_policy.threshold",
            "only a quorum has a threshold",
        ),
        (
            {
                "target": None,
                "targets": ["a", "b", {"type": "user", "id": "b"}],
                "resolution_policy": {"type": "quorum", "threshold": 3},
            },
            "resolution_policy.threshold",
            "no more than 2 can answer",
        ),
        (
            {
                "target": {"type": "group", "id": "g", "require_all": True},
                "resolution_policy": "all_of",
            },
            "resolution_policy",
            "not together with target.require_all",
        ),
        ({"exclude_initiator": "yes"}, "exclude_initiator", "expected true or false"),
        ({"allow_delegation": 1}, "allow_delegation", "expected true or false"),
        ({"reminders": "1h"}, "reminders", "expected an array"),
        (
            {"reminders": [f"{n + 1}m" for n in range(11)]},
            "reminders",
            "more than 10 entries",
        ),
        ({"reminders": [60]}, "reminders[0]", "expected a string"),
        ({"reminders": ["0s"]}, "reminders[0]", "expected more than 0s"),
        (
            {"reminders": ["soon"]},
            "reminders[0]",
            "'soon' is no duration such as 30s or 1h30m",
        ),
        (
            {"reminders": ["2h", "1h"]},
            "reminders[1]",
            "expected more than the one before",
        ),
        (
            {"reminders": ["1h", "1h"]},
            "reminders[1]",
            "expected more than the one before",
        ),
        ({"reminders": ["1h", "24h"]}, "reminders[1]", "comes after the timeout"),
        ({"escalation": {}}, "escalation", "expected an array"),
        (
            {"escalation": [{**TWO_HOURS, "after": f"{n + 1}m"} for n in range(11)]},
            "escalation",
            "more than 10 entries",
        ),
        ({"escalation": ["1h"]}, "escalation[0]", "expected an object"),
        ({"escalation": [{"after": "1h"}]}, "escalation[0].target", "required"),
        (
            {"escalation": [{**TWO_HOURS, "after": None}]},
            "escalation[0].after",
            "required",
        ),
        (
            {"escalation": [{**TWO_HOURS, "targets": ["u"]}]},
            "escalation[0].targets",
            "give either target or targets",
        ),
        (
            {
                "escalation": [
                    {
                        "after": "1h",
                        "target": {"type": "group", "id": "g", "require_all": True},
                    }
                ]
            },
            "escalation[0].target.require_all",
            "unknown field",
        ),
        (
            {"escalation": [TWO_HOURS, TWO_HOURS]},
            "escalation[1].after",
            "expected more than the one before",
        ),
        (
            {"escalation": [{**TWO_HOURS, "after": "25h"}]},
            "escalation[0].after",
            "comes after the timeout",
        ),
        ({"review": {"by": []}}, "review.by", "unknown field"),
        ({"review": {"reviewers": [" "]}}, "review.reviewers[0]", "expected a name"),
        (
            {"review": {"reviewers": ["u"] * 101}},
            "review.reviewers",
            "more than 100 entries",
        ),
        ({"delivery": {}}, "delivery.channels", "required"),
        (
            {"delivery": {"channels": []}},
            "delivery.channels",
            "expected at least one channel",
        ),
        (
            {"delivery": {"channels": [{"kind": "pigeon"}]}},
            "delivery.channels[0].kind",
            "expected one of inbox_only, email",
        ),
        (
            {"delivery": {"channels": [{"kind": "inbox_only", "email": {}}]}},
            "delivery.channels[0].email",
            "only kind email has addresses",
        ),
        (
            {"delivery": {"channels": [{"kind": "email", "email": {"to": []}}]}},
            "delivery.channels[0].email.to",
            "expected at least one address",
        ),
        (
            {"delivery": {"channels": [{"kind": "email", "email": {"to": ["bob"]}}]}},
            "delivery.channels[0].email.to[0]",
            "expected an email address",
        ),
    ],
)
def test_a_wrong_field_about_people_is_named_with_what_was_expected(
    changes: dict[str, Any], path: str, message: str
) -> None:
    assert problems(asked(**changes)) == {path: message}
