"""Reading what callers ask and answer."""

from typing import Any

from apps.api.body import Body
from apps.engine.parsing_fields import Fields, Report
from apps.engine.parsing_interactions import check_interaction
from apps.interactions.services.create import Question
from apps.kernel.ids import ID_LENGTH_MAX

COMMENT_CHARS_MAX = 10_000
_ASKED = frozenset({"type", "message", "context", "spec", "target"})
_MEMBERS = ("member", "user")


def read_question(data: object) -> Question:
    """Return a question that belongs to no run.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    asked = {name: body.value(name, default=None) for name in _ASKED - {"target"}}
    target_path, target_id = _read_target(body)
    require_all = body.flag("require_all", default=False)
    expires_at = body.moment("expires_at", default=None)
    if body.value("run_id", default=None) is not None:
        body.problem("run_id", "the interactions of a run are asked by its steps")
    if body.value("signal_name", default=None) is not None:
        body.problem("signal_name", "only an interaction of a run sends a signal")
    # The target was read above; a step's block would not be whole without one.
    report = Report()
    stand_in = {"type": "user", "id": "prin"}
    check_interaction(Fields(report, "", {**asked, "target": stand_in}, _ASKED))
    for problem in report.problems:
        body.problem(problem.path, problem.message)
    if "\x00" in str(asked["message"]):
        body.problem("message", "must not contain the character NUL")
    body.finish()
    return Question(
        type=asked["type"],
        message=asked["message"],
        target_id=target_id,
        target_path=target_path,
        context=asked["context"],
        spec=asked["spec"],
        require_all=require_all,
        expires_at=expires_at,
    )


def _read_target(body: Body) -> tuple[str, str]:
    """Return where the target stands, ``target_actor`` or ``target``, and its id."""
    given = [name for name in ("target_actor", "target") if body.has(name)]
    for name in ("target_actor", "target"):
        body.mapping(name, default=None)
    if len(given) != 1:
        body.problem("target_actor", "expected exactly one of target_actor and target")
        return "target_actor", ""
    path = given[0]
    sent = body.mapping(path)
    if not sent:
        body.problem(path, "expected an object with type and id")
        return path, ""
    target = Body(sent, path)
    target.text("type", choices=_MEMBERS)
    target_id = target.text("id", max_length=ID_LENGTH_MAX)
    for name in sent.keys() - {"type", "id"}:
        target.problem(str(name), "unknown field")
    body.problems.extend(target.problems)
    return path, target_id or ""


def read_answer(data: object) -> tuple[Any, str]:
    """Return the value, None when there is none, and the comment.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    value = body.value("value", default=None)
    comment = body.text(
        "comment", default="", min_length=0, max_length=COMMENT_CHARS_MAX
    )
    body.finish()
    return value, comment
