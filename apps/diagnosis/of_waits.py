"""What a path that waits is waiting for."""

from typing import Any

from django.urls import reverse

from apps.api.rendering import instant, present
from apps.diagnosis.reasons import Code, Reason, said
from apps.diagnosis.selectors import Facts
from apps.engine.decisions import WaitKind
from apps.interactions.models import Interaction
from apps.runs.models import Wait


def wait_reason(facts: Facts, wait: Wait) -> Reason:
    """Return what an open wait needs."""
    match WaitKind(wait.kind):
        case WaitKind.SLEEP:
            until = said(wait.due_at) if wait.due_at is not None else "later"
            return _reason(Code.SLEEPING, f"sleeps until {until}", wait)
        case WaitKind.SIGNAL:
            message = f"waits for the signal {wait.subject}{_until(wait)}"
            return _reason(Code.WAITING_FOR_SIGNAL, message, wait, signal=wait.subject)
        case WaitKind.PAUSE:
            why = f": {wait.subject}" if wait.subject else ""
            message = f"is paused until somebody resumes the run{why}"
            return _reason(Code.PAUSED, message, wait, reason=wait.subject)
        case WaitKind.EVENT:
            return _event(wait)
        case WaitKind.INTERACTION:
            return _interaction(facts, wait)


def _reason(code: Code, message: str, wait: Wait, **details: Any) -> Reason:
    return Reason(
        code,
        message,
        path=wait.path,
        step=wait.step_name,
        since=wait.created_at,
        until=wait.due_at,
        details={"wait_id": wait.id, **details},
    )


def _until(wait: Wait) -> str:
    return f" until {said(wait.due_at)}" if wait.due_at is not None else ""


def _event(wait: Wait) -> Reason:
    wanted = wait.event_filter or {}
    source = f" from {wanted['source_id']}" if wanted.get("source_id") else ""
    match = wanted.get("match") or {}
    parts = [f"{path} is {value!r}" for path, value in match.items()]
    parts += [wanted["condition"]] if wanted.get("condition") else []
    which = f" where {' and '.join(parts)}" if parts else ""
    page = reverse("admin:runs_wait_change", args=[wait.id])
    message = (
        f"waits for an event {wait.subject}{source}{which}{_until(wait)}; why an event"
        f" is not taken is told at {page}, button Explain"
    )
    return _reason(
        Code.WAITING_FOR_EVENT,
        message,
        wait,
        event_type=wait.subject,
        listens_from=instant(wait.listens_from),
        explain_page=page,
        **present(
            source_id=wanted.get("source_id") or None,
            match=match or None,
            condition=wanted.get("condition") or None,
        ),
    )


def _interaction(facts: Facts, wait: Wait) -> Reason:
    question = facts.questions.get(wait.subject)
    if question is None:
        message = f"waits for interaction {wait.subject}, which is over"
        details: dict[str, Any] = {"interaction_id": wait.subject}
    else:
        details, people = asked_of(facts, question)
        message = f"waits for {people}{_until(wait)}"
    return _reason(Code.WAITING_FOR_INTERACTION, message, wait, **details)


def asked_of(facts: Facts, question: Interaction) -> tuple[dict[str, Any], str]:
    """Return a question as facts, and who has to do what, in words."""
    asked = facts.asked.get(question.id, ())
    users = [
        {
            "id": part.principal_id,
            "name": facts.names.get(part.principal_id, ""),
            "role": part.role,
        }
        for part in asked
    ]
    names = ", ".join(str(user["name"] or user["id"]) for user in users) or "nobody"
    verb = "review" if question.status == "in_review" else "answer"
    people = f"{names} to {verb} interaction {question.id} ({question.message[:80]})"
    details = present(
        interaction_id=question.id,
        interaction_status=question.status,
        policy=question.policy,
        users=users,
        claimed_by=question.claimed_by or None,
        expires_at=instant(question.expires_at),
    )
    return details, people
