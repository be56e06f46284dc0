"""Health for load balancers and people, without authentication and secrets; figures
for who is let in by the settings."""

from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from apps.api.exceptions import error_body
from apps.api.rendering import to_json
from apps.kernel import clock
from apps.ops.health import report
from apps.ops.prometheus import exposition


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


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """200 with figures for Prometheus; 401 without the token, 404 where the settings
    let nobody in."""
    if not settings.METRICS_ON:
        raise Http404
    if not (_has_token(request) or _is_local(request)):
        body = to_json(error_body("unauthorized", "send the token of /metrics"))
        answer = HttpResponse(body, status=401, content_type="application/json")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    text = exposition(now=clock.now())
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _has_token(request: HttpRequest) -> bool:
    word, _, sent = request.headers.get("Authorization", "").partition(" ")
    token = settings.METRICS_TOKEN
    known = constant_time_compare(sent.strip(), token)
    return bool(token) and word.lower() == "bearer" and known


def _is_local(request: HttpRequest) -> bool:
    """Say whether somebody on this machine asks, and not a proxy for others."""
    passed_on = {"X-Forwarded-For", "Forwarded", "X-Real-IP"} & set(request.headers)
    if not settings.METRICS_LOCALHOST or passed_on:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
