"""What is asked, of whom, and by which rule: one form for steps and for callers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from apps.api.rendering import to_json
from apps.engine.durations import parse_duration
from apps.interactions.answers import default_spec
from apps.interactions.models import Dialect
from apps.interactions.resolution import ALL_OF, ANY_OF

TARGET_ID_MAX: Final = 128
#: A step says user where the API says member.
_TARGET_TYPES: Final[Mapping[str, str]] = {"member": "user"}

#: ``type`` inside, ``kind`` in the newer words.
KINDS: Final[Mapping[str, str]] = {
    "approval": "request_approval",
    "review": "request_review",
    "input": "request_information",
    "work": "assign_work",
}
TYPES: Final[Mapping[str, str]] = {kind: type_ for type_, kind in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Target:
    """One who is asked: a user, an agent (or the queue of one), or a group."""

    type: str
    id: str

    def as_json(self) -> dict[str, str]:
        """Return it as it is stored and shown."""
        return {"type": self.type, "id": self.id}


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom to ask when nobody decided in time. ``after`` counts from the asking."""

    after: timedelta
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that is said when a question is put.

    ``policy`` "" leaves the rule to ``require_all`` and to the group that is asked.
    ``reviewers`` None means that answers are not reviewed.
    """

    type: str
    message: str
    targets: tuple[Target, ...]
    description: str = ""
    context: Mapping[str, Any] | None = None
    spec: Mapping[str, Any] | None = None
    require_all: bool = False
    policy: str = ""
    threshold: int | None = None
    exclude_initiator: bool = False
    allow_delegation: bool = False
    reminders: tuple[timedelta, ...] = ()
    escalation: tuple[Escalation, ...] = ()
    reviewers: tuple[str, ...] | None = None
    delivery: Mapping[str, Any] | None = None
    consumer: Mapping[str, Any] | None = None
    subject: Mapping[str, Any] | None = None
    references: Sequence[Mapping[str, Any]] | None = None
    properties: Mapping[str, Any] | None = None
    tags: Mapping[str, str] | None = None
    expires_at: datetime | None = None
    dialect: Dialect = Dialect.WORKFLOW

    def rule(self, group_policy: str = "") -> str:
        """Return the policy that counts; ``group_policy`` is the asked group's own."""
        if self.policy:
            return self.policy
        everybody = self.require_all or group_policy == "all_members"
        return ALL_OF if everybody else ANY_OF


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf a question is put.

    ``initiator_id`` started the run, or puts a question that belongs to none: the one
    who may be barred from answering.
    """

    origin: str
    created_by: str = ""
    initiator_id: str = ""
    run_id: str = ""
    task_id: int | None = None
    job_id: str = ""
    step_name: str = ""
    signal_name: str = ""
    #: Names of fields in the caller's body, for errors.
    paths: Mapping[str, str] = field(default_factory=dict)


def question_of(block: Mapping[str, Any]) -> Question:
    """Return the question of a checked ``interaction`` block, templates rendered.

    Templates may have made anything of what was a text, so texts are made texts again.
    """
    target = block.get("target") or {}
    targets = targets_of(block)
    policy = block.get("resolution_policy") or {}
    if isinstance(policy, str):
        policy = {"type": policy}
    review = block.get("review")
    type_ = text_of(block.get("type"))
    return Question(
        type=type_,
        message=text_of(block.get("message")),
        description=text_of(block.get("description")),
        context=block.get("context"),
        spec=plain_spec(block.get("spec") or default_spec(type_)),
        targets=targets,
        require_all=target.get("require_all") is True,
        policy=text_of(policy.get("type")),
        threshold=policy.get("threshold"),
        exclude_initiator=block.get("exclude_initiator") is True,
        allow_delegation=block.get("allow_delegation") is True,
        reminders=tuple(
            parse_duration(text_of(each)) for each in block.get("reminders") or ()
        ),
        escalation=tuple(
            Escalation(parse_duration(text_of(each["after"])), targets_of(each))
            for each in block.get("escalation") or ()
        ),
        reviewers=(
            None
            if review is None
            else tuple(
                text_of(each)[:TARGET_ID_MAX] for each in review.get("reviewers") or ()
            )
        ),
        delivery=block.get("delivery"),
    )


def targets_of(block: Mapping[str, Any]) -> tuple[Target, ...]:
    """Return whom a block names in ``target`` or ``targets``, each once."""
    named = block.get("targets")
    if named is None:
        named = [block.get("target") or {}]
    found = [
        Target(
            _TARGET_TYPES.get(text_of(each.get("type")), text_of(each.get("type"))),
            text_of(each.get("id"))[:TARGET_ID_MAX],
        )
        if isinstance(each, Mapping)
        else Target("user", text_of(each)[:TARGET_ID_MAX])
        for each in named
    ]
    return tuple(dict.fromkeys(found))


def plain_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``spec`` with options as texts: answers are compared with texts."""
    options = spec.get("options")
    if not options:
        return dict(spec)
    texts = [{name: text_of(part) for name, part in one.items()} for one in options]
    return {**spec, "options": texts}


def text_of(value: Any) -> str:
    """A template that is the whole text keeps its type: ``${inputs.number}``."""
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value).decode()


def due(question: Question, at: datetime, expires_at: datetime | None) -> Question:
    """Return ``question`` with its deadline; nothing is due at or after it."""
    if expires_at is None:
        return question
    left = expires_at - at
    return replace(
        question,
        expires_at=expires_at,
        reminders=tuple(each for each in question.reminders if each < left),
        escalation=tuple(each for each in question.escalation if each.after < left),
    )
