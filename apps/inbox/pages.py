"""What every page of the inbox has in common: its headers, its doors, its errors."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from apps.inbox.viewers import Viewer, viewer_of
from apps.kernel import clock
from apps.kernel.errors import MobiusError

#: Nothing from elsewhere, nothing inline, in nobody's frame.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
#: Addresses of pages may hold a link's token: they stay on this site. Not
#: ``no-referrer``: with it browsers send ``Origin: null``, which Django refuses.
REFERRER_POLICY: Final = "same-origin"
_HEADINGS: Final = {
    400: "That did not work",
    403: "This does not ask you",
    404: "There is nothing here",
    405: "That cannot be done here",
    409: "Too late for that",
    429: "Too many attempts",
    503: "Busy",
}

Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


def page(
    request: HttpRequest, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Return a page that is kept by no cache, indexed by nobody and runs only our
    script."""
    context.setdefault("now", clock.now())
    response = render(request, f"inbox/{template}.html", context, status=status)
    return guarded(response)


def guarded(response: Response) -> Response:
    """Return ``response`` with the headers that all pages have."""
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Referrer-Policy"] = REFERRER_POLICY
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def error_page(
    request: HttpRequest, status: int, message: str, **context: Any
) -> HttpResponse:
    """Return a page that says what is wrong, and nothing else."""
    heading = context.pop("heading", "") or _HEADINGS.get(status, "Something is wrong")
    return page(request, "error", status, heading=heading, message=message, **context)


def says_errors(view: View) -> View:
    """Show the errors that services raise as pages."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except MobiusError as error:
            sentence = f"{error.message[:1].upper()}{error.message[1:]}."
            return error_page(request, error.status, sentence)

    return shown


def for_viewers(view: View) -> View:
    """Let in who is signed in and linked to a principal; others are shown the way.

    The view gets the ``Viewer`` after the request.
    """

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        viewer = viewer_of(request.user)
        if viewer is None:
            where = urlencode({"next": request.get_full_path()})
            return guarded(redirect(f"{reverse('inbox:sign_in')}?{where}"))
        if not viewer.principals:
            return page(request, "unlinked", 403, viewer=viewer)
        return view(request, viewer, *args, **kwargs)

    return says_errors(entered)


def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer for a path below /inbox/ that does not exist."""
    return error_page(
        request, 404, "The address may be mistyped, or the request was removed."
    )


def refused_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer for a form without a valid token against forgery, on every page."""
    return error_page(
        request,
        403,
        "For your safety this form is valid only in the browser window, and for the"
        " sign-in, for which it was made. Go back, reload the page and send it again.",
        heading="This form is too old",
        viewer=None,
    )


def signed_in(request: HttpRequest) -> Viewer | None:
    """Return who is signed in, for pages that need no sign-in."""
    return viewer_of(request.user)
