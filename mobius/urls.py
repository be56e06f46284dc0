"""Every path of the system on one page; hot ones first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path

from apps.api.exceptions import error_body
from apps.api.rendering import to_json
from apps.reference.views import page as reference_page


def _front_door(request: HttpRequest) -> HttpResponse:
    """Operators begin in the admin, everybody else with what waits for them."""
    is_staff = request.user.is_authenticated and request.user.is_staff
    return redirect("/admin/" if is_staff else "/inbox/")


urlpatterns = [
    path("v1/", include("apps.jobs.urls")),
    path("v1/", include("apps.runs.urls")),
    path("v1/", include("apps.workflows.urls")),
    path("v1/", include("apps.definitions.urls")),
    path("v1/", include("apps.triggers.urls")),
    path("v1/", include("apps.diagnosis.urls")),
    path("v1/", include("apps.interactions.urls")),
    path("v1/", include("apps.actions.urls")),
    path("v1/", include("apps.agents.urls")),
    path("v1/", include("apps.source_events.urls")),
    path("v1/", include("apps.integrations.urls")),
    path("v1/", include("apps.webhooks.urls")),
    path("v1/", include("apps.identity.urls")),
    path("v1/", include("apps.secrets.urls")),
    path("v1/", include("apps.reference.urls")),
    path("v1/", include("apps.audit.urls")),
    path("", include("apps.ops.urls")),
    path("admin/", admin.site.urls),
    path("inbox/", include("apps.inbox.urls")),
    path("reference/", reference_page, name="reference"),
    path("", _front_door),
]


def _not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    body = to_json(error_body("not_found", f"there is nothing at {request.path}"))
    return HttpResponse(body, status=404, content_type="application/json")


def _failed(request: HttpRequest) -> HttpResponse:
    body = to_json(error_body("internal_error", "something went wrong on our side"))
    return HttpResponse(body, status=500, content_type="application/json")


handler404 = _not_found
handler500 = _failed
