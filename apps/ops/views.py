"""Health for load balancers and people. No authentication, no secrets."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.api.rendering import to_json
from apps.ops.health import report


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; says what each dependency says."""
    _, body = report()
    return HttpResponse(to_json(body), content_type="application/json")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, 503 when not; with ``?strict`` 503 also when
    runs do not move: for alarms, not for load balancers."""
    ready, body = report()
    if "strict" in request.GET:
        ready = body["status"] == "ready"
    return HttpResponse(
        to_json(body), status=200 if ready else 503, content_type="application/json"
    )
