"""``/inbox/link/{token}``: one question answered as one person, without signing in.

Looking changes nothing; answering is a form sent from the page. The link opens
nothing else, and not for somebody who is signed in as somebody else.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.identity.models import Principal
from apps.inbox.answer_form import form_for
from apps.inbox.answering import TOO_LATE, in_words, send_answer, show
from apps.inbox.pages import error_page, guarded, page, says_errors
from apps.inbox.question import ANSWER, QuestionPage, answer_row, open_question
from apps.inbox.viewers import actor_of
from apps.interactions.links import LinkClaim, LinkExpired, read_link
from apps.interactions.models import Channel
from apps.interactions.selectors import find_interaction
from apps.kernel import clock
from apps.kernel.errors import Conflict, NotFound, PermissionDenied


@require_http_methods(["GET", "HEAD", "POST"])
@says_errors
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the question of a link with its form, or take the answer."""
    try:
        claim = read_link(token, now=clock.now())
    except LinkExpired:
        return error_page(
            request,
            410,
            "Links are good for a limited time. If the request still waits, it is in"
            " your inbox.",
            heading="This link has expired",
        )
    except NotFound:
        return _not_a_link(request)
    person = _person(claim)
    if person is None:
        return _not_a_link(request)
    if request.user.is_authenticated and request.user.pk != person.user_id:
        return _for_somebody_else(request, person)
    try:
        opened = _open(claim, person)
    except (NotFound, PermissionDenied):
        return _not_a_link(request)
    return _serve(request, token, claim, opened)


def _serve(
    request: HttpRequest, token: str, claim: LinkClaim, opened: QuestionPage
) -> HttpResponseBase:
    if request.method != "POST":
        return _state(request, token, opened)
    if opened.standing != ANSWER:
        return show(request, None, opened, status=409, notice=TOO_LATE, link=token)
    form = form_for(opened.interaction)
    actor = actor_of(opened.me, request, channel=Channel.LINK)
    try:
        done = send_answer(request, opened, form, actor)
    except (Conflict, PermissionDenied) as error:
        again = _open(claim, opened.me)
        status, notice = error.status, in_words(error)
        return show(request, None, again, status=status, notice=notice, link=token)
    if not done:
        return show(request, None, opened, status=400, form=form, link=token)
    return guarded(redirect("inbox:by_link", token=token))


def _state(request: HttpRequest, token: str, opened: QuestionPage) -> HttpResponse:
    """Show the form; after an answer what was recorded; else why there is no form."""
    said = opened.part.answer
    if opened.standing == ANSWER:
        return show(request, None, opened, link=token)
    if said is not None:
        row = answer_row(said.value, opened.interaction, opened.mode)
        return page(
            request, "recorded", viewer=None, q=opened, said=said, said_row=row, link=1
        )
    return show(request, None, opened, status=409, link=token)


def _open(claim: LinkClaim, person: Principal) -> QuestionPage:
    row = find_interaction(claim.project_id, claim.interaction_id)
    return open_question(row, {person.id: person}, now=clock.now())


def _person(claim: LinkClaim) -> Principal | None:
    return (
        Principal.objects.filter(
            project_id=claim.project_id, pk=claim.principal_id, disabled=False
        )
        .select_related("project")
        .first()
    )


def _not_a_link(request: HttpRequest) -> HttpResponse:
    return error_page(
        request,
        404,
        "It may have been copied only in part, or what it opened was removed.",
        heading="This link opens nothing",
    )


def _for_somebody_else(request: HttpRequest, person: Principal) -> HttpResponse:
    return error_page(
        request,
        403,
        f"You are signed in as {request.user.get_username()}. Sign out to use the link,"
        " or pass it to the person it was made for.",
        heading=f"This link is for {person.name}",
        sign_out=True,
    )
