"""The list of what waits, the list of what was answered, and the way in and out."""

from datetime import datetime
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.inbox.contents import answer_in_words
from apps.inbox.pages import for_viewers, guarded, page
from apps.inbox.question import ends_soon
from apps.inbox.selectors import Face, answered_page, faces_of, open_page
from apps.inbox.throttle import forget_failures, note_failure, seconds_to_wait
from apps.inbox.viewers import Viewer
from apps.inbox.words import STATUS_WORDS, TYPE_WORDS
from apps.interactions.answers import mode_of
from apps.interactions.inbox_queries import count_open
from apps.interactions.models import Interaction, InteractionResponse
from apps.kernel import clock

#: So many of the others who are asked are named in the list.
OTHERS_NAMED_MAX = 2


@require_safe
@for_viewers
def waiting(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """``GET /inbox/``: what waits for the viewer, newest first."""
    return page(request, "waiting", tab="waiting", **_waiting(request, viewer))


@require_safe
@for_viewers
def waiting_list(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """``GET /inbox/list``: only the list, for a page that is open."""
    return page(request, "waiting_list", **_waiting(request, viewer))


@require_safe
@for_viewers
def answered(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    """``GET /inbox/answered``: what the viewer said, latest first."""
    found = answered_page(viewer.ids, cursor=request.GET.get("cursor", ""))
    return page(
        request,
        "answered",
        viewer=viewer,
        tab="answered",
        count=count_open(viewer.ids),
        items=[_answered_item(answer, row, viewer) for answer, row in found.answers],
        next_cursor=found.next_cursor,
        is_first=not request.GET.get("cursor"),
    )


def _waiting(request: HttpRequest, viewer: Viewer) -> dict[str, Any]:
    now = clock.now()
    cursor = request.GET.get("cursor", "")
    rows, following = open_page(viewer.ids, cursor=cursor, now=now)
    faces = faces_of(rows)
    return {
        "viewer": viewer,
        "now": now,
        "count": count_open(viewer.ids),
        "items": [_waiting_item(row, faces[row.id], viewer, now) for row in rows],
        "next_cursor": following,
        "is_first": not cursor,
    }


def _waiting_item(
    row: Interaction, faces: list[Face], viewer: Viewer, now: datetime
) -> dict[str, Any]:
    others = [
        face.name
        for face in faces
        if face.principal_id not in viewer.principals
        and face.role == "responder"
        and face.state in ("asked", "answered")
    ]
    return {
        "interaction": row,
        "type_words": "Review the answer" if row.status == "in_review" else _type(row),
        "project": _project(row, viewer),
        "others": others[:OTHERS_NAMED_MAX],
        "more_others": max(len(others) - OTHERS_NAMED_MAX, 0),
        "is_soon": ends_soon(row, now),
        "claimed_by_me": row.claimed_by in viewer.principals,
        "changes_requested": row.status == "pending" and row.review_round > 1,
    }


def _answered_item(
    answer: InteractionResponse, row: Interaction, viewer: Viewer
) -> dict[str, Any]:
    mode = mode_of(row.spec, row.type).value
    status = row.status_at(clock.now())
    is_form = mode == "form"
    return {
        "interaction": row,
        "answer": answer,
        "type_words": _type(row),
        "project": _project(row, viewer),
        "said": "A filled-in form"
        if is_form
        else answer_in_words(answer.value, row.spec, mode),
        "status": status.value,
        "status_words": STATUS_WORDS[status.value],
    }


def _type(row: Interaction) -> str:
    return TYPE_WORDS.get(row.type, row.type.capitalize())


def _project(row: Interaction, viewer: Viewer) -> str:
    places = [p.project for p in viewer.principals.values()]
    found = [place for place in places if place and place.id == row.project_id]
    return found[0].name if found else ""


class SignIn(auth_views.LoginView):
    """``/inbox/sign-in`` with Django's accounts; ``next`` stays on this site."""

    template_name = "inbox/sign_in.html"
    next_page = "inbox:waiting"
    redirect_authenticated_user = True

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer with the headers that all pages have."""
        response = super().dispatch(request, *args, **kwargs)
        return guarded(response)

    def post(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Sign in, unless too many attempts failed a moment ago."""
        username, address = _who(request)
        wait = seconds_to_wait(username, address)
        if wait:
            minutes = -(-wait // 60)
            unbound = AuthenticationForm(request, initial={"username": username})
            context = self.get_context_data(form=unbound, wait_minutes=minutes)
            response = self.render_to_response(context, status=429)
            response["Retry-After"] = str(wait)
            return response
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> Any:
        """Let the account in."""
        forget_failures(*_who(self.request))
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> Any:
        """Count the failure and show the form again."""
        note_failure(*_who(self.request))
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what every page needs."""
        return super().get_context_data(viewer=None, now=clock.now(), **kwargs)


class SignOut(auth_views.LogoutView):
    """``POST /inbox/sign-out``."""

    next_page = "inbox:sign_in"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer with the headers that all pages have."""
        return guarded(super().dispatch(request, *args, **kwargs))


def _who(request: HttpRequest) -> tuple[str, str]:
    username = request.POST.get("username", "")[:150].replace("\x00", "")
    return username, str(request.META.get("REMOTE_ADDR", ""))
