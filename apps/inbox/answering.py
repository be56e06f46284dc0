"""One question: its page, and everything that can be done there."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.inbox.answer_form import COMMENT_MAX, AnswerForm, form_for
from apps.inbox.pages import for_viewers, guarded, page
from apps.inbox.question import ANSWER, QuestionPage, answer_row, open_question
from apps.inbox.reading import ABSENT
from apps.inbox.selectors import members_of, next_open
from apps.inbox.viewers import Viewer, actor_of
from apps.interactions.actors import Actor
from apps.interactions.inbox_queries import count_open
from apps.interactions.models import Channel
from apps.interactions.selectors import find_interaction
from apps.interactions.services.claim import claim_interaction, release_interaction
from apps.interactions.services.delegate import delegate_interaction
from apps.interactions.services.respond import respond_to_interaction
from apps.interactions.services.review import ACTIONS, review_interaction
from apps.kernel import clock
from apps.kernel.errors import (
    Conflict,
    Invalid,
    MobiusError,
    NotFound,
    PermissionDenied,
)

TOO_LATE = "Nothing was changed: this request does not wait for you any more."
_DENIED = {
    "own_answer": "You answered this yourself, so somebody else has to review it.",
    "initiator_barred": "Whoever started the run may not answer this.",
}


@require_safe
@for_viewers
def question(request: HttpRequest, viewer: Viewer, interaction_id: str) -> HttpResponse:
    """``GET /inbox/{interaction}``: the question, and the form if it is one's turn."""
    return show(request, viewer, _open(viewer, interaction_id))


@require_POST
@for_viewers
def answer(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``POST /inbox/{interaction}/answer``."""
    opened = _open(viewer, interaction_id)
    if opened.standing != ANSWER:
        return show(request, viewer, opened, status=409, notice=TOO_LATE)
    form = form_for(opened.interaction)
    try:
        done = send_answer(request, opened, form, _actor(request, viewer, opened))
    except (Conflict, PermissionDenied) as error:
        again = _open(viewer, interaction_id)
        return show(request, viewer, again, status=error.status, notice=in_words(error))
    if not done:
        return show(request, viewer, opened, status=400, form=form)
    return guarded(redirect("inbox:recorded", interaction_id=interaction_id))


def send_answer(
    request: HttpRequest, opened: QuestionPage, form: AnswerForm, actor: Actor
) -> bool:
    """Read the form and give the answer; False when something has to be put right.

    Raises:
        Conflict, PermissionDenied, NotFound: as ``respond_to_interaction`` does.
    """
    value = form.read(request.POST)
    if value is ABSENT:
        return False
    row = opened.interaction
    try:
        respond_to_interaction(
            row.project_id,
            row.id,
            actor=actor,
            value=value,
            comment=form.comment,
            now=clock.now(),
        )
    except Invalid as error:
        form.problems.append(in_words(error))
        return False
    return True


def in_words(error: MobiusError) -> str:
    """Return what a service refused, for a person."""
    if isinstance(error, Conflict):
        return TOO_LATE
    if isinstance(error, PermissionDenied):
        return _DENIED.get(error.error_code, "This request asks somebody else.")
    return f"Nothing was changed. {error.message}."


@require_safe
@for_viewers
def recorded(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``GET /inbox/{interaction}/recorded``: what was noted, and what is next."""
    opened = _open(viewer, interaction_id)
    said = opened.part.answer
    if said is None:
        return guarded(redirect("inbox:question", interaction_id=interaction_id))
    following = next_open(viewer.ids, other_than=interaction_id, now=clock.now())
    return page(
        request,
        "recorded",
        viewer=viewer,
        q=opened,
        said=said,
        said_row=answer_row(said.value, opened.interaction, opened.mode),
        following=following,
        count=count_open(viewer.ids),
    )


@require_POST
@for_viewers
def claim(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``POST /inbox/{interaction}/claim``: take it on for the group."""

    def act(opened: QuestionPage, actor: Actor) -> None:
        row = opened.interaction
        claim_interaction(row.project_id, row.id, actor=actor, now=clock.now())

    return _do(request, viewer, interaction_id, act)


@require_POST
@for_viewers
def release(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``POST /inbox/{interaction}/release``: give it back to the group."""

    def act(opened: QuestionPage, actor: Actor) -> None:
        row = opened.interaction
        release_interaction(row.project_id, row.id, actor=actor, now=clock.now())

    return _do(request, viewer, interaction_id, act)


@require_POST
@for_viewers
def delegate(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``POST /inbox/{interaction}/delegate``: have another member asked instead."""

    def act(opened: QuestionPage, actor: Actor) -> None:
        row = opened.interaction
        delegate_interaction(
            row.project_id,
            row.id,
            actor=actor,
            to=request.POST.get("to", ""),
            comment=_comment(request),
            now=clock.now(),
        )

    return _do(request, viewer, interaction_id, act)


@require_POST
@for_viewers
def review(
    request: HttpRequest, viewer: Viewer, interaction_id: str
) -> HttpResponseBase:
    """``POST /inbox/{interaction}/review``: accept the answers, or ask for others."""

    def act(opened: QuestionPage, actor: Actor) -> None:
        row = opened.interaction
        action = request.POST.get("action", "")
        if action not in ACTIONS:
            raise Invalid("choose Accept or Request changes")
        review_interaction(
            row.project_id,
            row.id,
            actor=actor,
            action=action,
            comment=_comment(request),
            now=clock.now(),
        )

    return _do(request, viewer, interaction_id, act)


def show(
    request: HttpRequest,
    viewer: Viewer | None,
    opened: QuestionPage,
    *,
    status: int = 200,
    form: AnswerForm | None = None,
    notice: str = "",
    link: str = "",
) -> HttpResponse:
    """Return the page of a question; ``link`` is the address of a link's own form."""
    takes_answers = opened.standing == ANSWER
    members: list[Any] = []
    if opened.may_delegate and not link:
        row = opened.interaction
        asked = {opened.me.id, *(row.barred or ())}
        members = members_of(row.project_id, apart_from=asked)
    return page(
        request,
        "question",
        status,
        viewer=viewer,
        q=opened,
        form=(form or form_for(opened.interaction)) if takes_answers else None,
        members=members,
        notice=notice,
        link=link,
        kept_comment=request.POST.get("comment", ""),
        count=count_open(viewer.ids) if viewer else 0,
    )


def _open(viewer: Viewer, interaction_id: str) -> QuestionPage:
    """Return the question as the viewer sees it.

    Raises:
        NotFound, PermissionDenied: it is not there for the viewer, or asks others.
    """
    projects = {principal.project_id for principal in viewer.principals.values()}
    now = clock.now()
    for project_id in sorted(projects):
        try:
            row = find_interaction(project_id, interaction_id)
        except NotFound:
            continue
        return open_question(row, viewer.principals, now=now)
    raise NotFound("there is no such request")


def _actor(request: HttpRequest, viewer: Viewer, opened: QuestionPage) -> Actor:
    return actor_of(
        opened.me, request, channel=Channel.BROWSER, account=viewer.username
    )


def _do(
    request: HttpRequest,
    viewer: Viewer,
    interaction_id: str,
    act: Callable[[QuestionPage, Actor], None],
) -> HttpResponseBase:
    """Do one thing to a question and show it again, with what went wrong."""
    opened = _open(viewer, interaction_id)
    try:
        act(opened, _actor(request, viewer, opened))
    except (Invalid, Conflict, PermissionDenied) as error:
        opened = _open(viewer, interaction_id)
        notice = in_words(error)
        return show(request, viewer, opened, status=error.status, notice=notice)
    return guarded(redirect("inbox:question", interaction_id=interaction_id))


def _comment(request: HttpRequest) -> str:
    """Return the comment that was sent.

    Raises:
        Invalid: it is too long.
    """
    comment = request.POST.get("comment", "").replace("\r\n", "\n")
    if len(comment) > COMMENT_MAX or "\x00" in comment:
        raise Invalid(f"comment: expected at most {COMMENT_MAX} characters")
    return comment
