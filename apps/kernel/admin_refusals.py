"""Forms of admin pages whose rows services write: a refusal is told on the page."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.kernel.errors import MobiusError


class TellsRefusals:
    """Mixin of admin pages. Django opens the transaction around a form, so what a
    service refused is undone; the person is told why and sees the row as it is."""

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Show or take the form of a row."""
        try:
            return super().changeform_view(request, *args, **options)  # type: ignore[misc]
        except MobiusError as refusal:
            return _back(request, refusal)

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """Ask whether to delete a row, or delete it."""
        try:
            return super().delete_view(request, *args, **options)  # type: ignore[misc]
        except MobiusError as refusal:
            return _back(request, refusal)


def _back(request: HttpRequest, refusal: MobiusError) -> HttpResponse:
    messages.error(request, refusal.message)
    return HttpResponseRedirect(request.get_full_path())
