"""The document for programs, the page for people. No key is needed for either: they say
what the API is, and nothing of what is in it."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from apps.identity.viewsets import AnsweringViewSet
from apps.reference.contract import contract_as_json, contract_as_yaml

YAML: Final = "application/yaml"
#: A new version of the server may say something new at once.
_CACHE: Final = "public, max-age=60"
#: Nothing from elsewhere and no script but files of ours. Swagger UI shows the pictures
#: of its buttons as data, and its code writes style attributes.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)


class DocumentViewSet(AnsweringViewSet):
    """``/v1/openapi.yaml`` and ``/v1/openapi.json``."""

    authentication_classes = ()
    http_method_names = ["get", "head"]

    def as_yaml(self, request: Request) -> HttpResponse:
        """200 with the contract."""
        return _answer(contract_as_yaml(), YAML)

    def as_json(self, request: Request) -> HttpResponse:
        """200 with the same as JSON."""
        return _answer(contract_as_json(), "application/json")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The interactive reference."""
    answer = render(request, "reference/page.html")
    answer["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer["Referrer-Policy"] = "same-origin"
    answer["Cache-Control"] = _CACHE
    return answer


def _answer(content: bytes, media: str) -> HttpResponse:
    return HttpResponse(content, content_type=media, headers={"Cache-Control": _CACHE})
