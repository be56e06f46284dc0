"""Reading what callers ask and answer, in the words of either generation."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from apps.api.body import Body
from apps.deliveries.client import url_problem
from apps.engine.durations import parse_duration
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_interactions import (
    LOOP_MODES,
    WORKFLOW_MODES,
    check_interaction,
)
from apps.interactions.models import Dialect
from apps.interactions.question import TYPES, Question, question_of
from apps.kernel.ids import ID_LENGTH_MAX

COMMENT_CHARS_MAX: Final = 10_000
SIGNAL_CHARS_MAX: Final = 128
TAGS_MAX: Final = 50
#: What both wordings and the step have in common; the engine's parser checks it.
_SHARED: Final = frozenset(
    {"description", "context", "spec", "resolution_policy", "exclude_initiator"}
    | {"allow_delegation", "reminders", "escalation", "review", "delivery"}
)
_LOOP_WORDS: Final = ("kind", "title", "target_user_ids")
_TARGETS: Final = ("target_actor", "target", "targets", "target_user_ids")


class Asked(NamedTuple):
    """A question as a caller put it, and for what."""

    question: Question
    target_path: str
    run_id: str
    signal_name: str
    step_name: str
    worker_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as a caller gave it."""

    value: Any
    comment: str
    on_behalf_of: str


def read_question(data: object, *, now: datetime, from_job: bool = False) -> Asked:
    """Return the question in a body; ``kind`` and ``title`` mark the newer wording.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    newer = any(body.has(word) for word in _LOOP_WORDS)
    block = {name: body.value(name, default=None) for name in _SHARED}
    review = _review_in_policy(block) if newer else None
    block |= _headline(body, newer=newer)
    target_path, block["targets"] = _targets(body)
    require_all = body.flag("require_all", default=False)
    if require_all and block["resolution_policy"] is not None:
        body.problem("require_all", "give either require_all or resolution_policy")
    expires_at = _deadline(body, now)
    extras = _extras(body)
    consumer, run_id, signal_name = _consumer(body)
    step_name = worker_id = ""
    attempt = 0
    if from_job:
        step_name = body.text("step_name", default="", max_length=SIGNAL_CHARS_MAX)
        if body.has("worker_id") or body.has("attempt"):
            worker_id = body.text("worker_id", max_length=255)
            attempt = body.integer("attempt", minimum=1)
        if run_id:
            body.problem("run_id", "a job asks for its own run")
    elif bool(run_id) != bool(signal_name):
        missing = "signal_name" if run_id else "run_id"
        body.problem(missing, "run_id and signal_name go together")
    _check_block(body, {n: v for n, v in block.items() if v is not None}, newer)
    body.finish()
    question = replace(
        question_of(block),
        require_all=require_all,
        expires_at=expires_at,
        consumer=consumer,
        dialect=Dialect.LOOP if newer else Dialect.WORKFLOW,
        **extras,
    )
    if review is not None:
        question = replace(question, reviewers=tuple(review))
    return Asked(
        question, target_path, run_id, signal_name, step_name, worker_id, attempt
    )


def _headline(body: Body, *, newer: bool) -> dict[str, Any]:
    """Return type and message, read as ``kind`` and ``title`` in the newer words."""
    if not newer:
        return {n: body.value(n, default=None) for n in ("type", "message")}
    kind = body.text("kind", choices=list(TYPES))
    title = body.text("title", max_length=COMMENT_CHARS_MAX)
    return {"type": TYPES.get(kind), "message": title}


def _review_in_policy(block: dict[str, Any]) -> list[str] | None:
    """The newer words put the review into the policy: take it out of there."""
    policy = block["resolution_policy"]
    if not isinstance(policy, Mapping) or "review" not in policy:
        return None
    review = policy["review"]
    block["resolution_policy"] = {n: v for n, v in policy.items() if n != "review"}
    users = review.get("reviewer_user_ids") if isinstance(review, Mapping) else review
    block["review"] = {"reviewers": users} if users is not None else {}
    return users if isinstance(users, list) else []


def _targets(body: Body) -> tuple[str, Any]:
    """Return which field names the target, and whom it names."""
    given = [name for name in _TARGETS if body.has(name)]
    for name in _TARGETS:
        body.value(name, default=None)
    if len(given) != 1:
        names = ", ".join(_TARGETS)
        body.problem(given[0] if given else _TARGETS[0], f"expected one of {names}")
        return _TARGETS[0], []
    path = given[0]
    many = path in ("targets", "target_user_ids")
    named = (
        body.listing(path, min_items=1, max_items=100) if many else [body.value(path)]
    )
    found = []
    for number, one in enumerate(named):
        place = f"{path}[{number}]" if many else path
        if isinstance(one, str) and many:
            one = {"type": "user", "id": one}
        if not isinstance(one, Mapping) or not one:
            body.problem(place, "expected an object with type and id")
            continue
        target = Body(one, place)
        type_ = target.text("type", choices=("member", "user", "agent", "group"))
        id_ = target.text("id", max_length=max(ID_LENGTH_MAX, 128))
        for name in one.keys() - {"type", "id"}:
            target.problem(str(name), "unknown field")
        body.problems.extend(target.problems)
        found.append({"type": type_, "id": id_ or ""})
    return path, found


def _deadline(body: Body, now: datetime) -> datetime | None:
    """Return ``expires_at``, or ``timeout`` from now."""
    expires_at = body.moment("expires_at", default=None)
    timeout = body.text("timeout", default="", max_length=64)
    if not timeout:
        return expires_at
    if expires_at is not None:
        body.problem("timeout", "give either timeout or expires_at")
        return expires_at
    try:
        after = parse_duration(timeout)
        if after <= timedelta(0):
            raise ValueError("expected more than nothing")
        return now + after
    except (ValueError, OverflowError) as error:
        body.problem("timeout", str(error))
        return None


def _extras(body: Body) -> dict[str, Any]:
    tags = body.mapping("tags", default=None)
    for name, value in (tags or {}).items():
        if not isinstance(value, str) or not 0 < len(str(name)) <= 128:
            body.problem(f"tags.{name}", "expected a string")
    if tags is not None and len(tags) > TAGS_MAX:
        body.problem("tags", f"expected at most {TAGS_MAX} tags")
    references = body.listing("references", default=None, max_items=50)
    for number, one in enumerate(references or []):
        if not isinstance(one, Mapping):
            body.problem(f"references[{number}]", "expected an object")
    return {
        "subject": body.mapping("subject", default=None),
        "properties": body.mapping("properties", default=None),
        "references": references,
        "tags": tags,
    }


def _consumer(body: Body) -> tuple[dict[str, Any] | None, str, str]:
    """Return who hears of the outcome: a subscriber, or a run and its signal."""
    run_id = body.text("run_id", default="", max_length=ID_LENGTH_MAX)
    signal = body.text("signal_name", default="", max_length=SIGNAL_CHARS_MAX)
    sent = body.mapping("consumer", default=None)
    if not sent:
        return None, run_id, signal
    consumer = Body(sent, "consumer")
    kind = consumer.text("kind", choices=("none", "run", "http_subscriber"))
    if kind == "run":
        run = Body(consumer.mapping("run", default={}), "consumer.run")
        run_id = run.text("run_id", max_length=ID_LENGTH_MAX)
        signal = run.text("signal_name", max_length=SIGNAL_CHARS_MAX)
        body.problems.extend(run.problems)
    elif kind == "http_subscriber":
        path = "consumer.http_subscriber"
        http = Body(consumer.mapping("http_subscriber", default={}), path)
        url = http.text("callback_url", max_length=2048)
        http.text("secret_ref", max_length=160)
        if url and (problem := url_problem(url)):
            http.problem("callback_url", problem)
        body.problems.extend(http.problems)
    for name in sent.keys() - {"kind", "run", "http_subscriber"}:
        consumer.problem(str(name), "unknown field")
    body.problems.extend(consumer.problems)
    return dict(sent), run_id, signal


def _check_block(body: Body, block: dict[str, Any], newer: bool) -> None:
    """Have the parser of steps check what a question and a step have in common."""
    report = Report()
    known = frozenset({"type", "message", *_SHARED})
    plain = {name: value for name, value in block.items() if name in known}
    if "escalation" in plain:
        plain["escalation"] = _in_words_of_steps(plain["escalation"])
    modes = LOOP_MODES if newer else WORKFLOW_MODES
    check_interaction(Fields(report, "", plain, known), modes=modes, with_target=False)
    words = {"type": "kind", "message": "title"} if newer else {}
    for problem in report.problems:
        body.problem(words.get(problem.path, problem.path), problem.message)
    if "\x00" in str(block.get("message")):
        body.problem(
            words.get("message", "message"), "must not contain the character NUL"
        )


def _in_words_of_steps(sent: Any) -> Any:
    """Callers may say member where a step says user."""
    if isinstance(sent, list):
        return [_in_words_of_steps(one) for one in sent]
    if not isinstance(sent, Mapping):
        return sent
    if sent.get("type") == "member":
        return {**sent, "type": "user"}
    places = {name: sent[name] for name in ("target", "targets") if name in sent}
    return {**sent, **{n: _in_words_of_steps(one) for n, one in places.items()}}


def read_answer(data: object) -> Reply:
    """Return the value, None when there is none, the comment, and for whom.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    reply = Reply(
        value=body.value("value", default=None),
        comment=read_comment(body, "comment"),
        on_behalf_of=body.text("on_behalf_of", default="", max_length=128),
    )
    body.text("action", default="submit", choices=("submit",))
    body.finish()
    return reply


def read_comment(body: Body, name: str) -> str:
    """Return an optional text of a person's."""
    text: str = body.text(name, default="", min_length=0, max_length=COMMENT_CHARS_MAX)
    return text
