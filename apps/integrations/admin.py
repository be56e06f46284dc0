"""Admin page of integrations: who reports, where to, and when it last did."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminPasswordWidget

from apps.integrations.addresses import receive_url
from apps.integrations.models import Integration, Provider
from apps.integrations.requests import SECRET_CHARS_MAX, SECRET_CHARS_MIN
from apps.integrations.selectors import with_last_event
from apps.integrations.services.update import Changes, update_integration
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    may,
    related,
)
from apps.kernel.admin_lists import choice_filter, word_filter
from apps.kernel.admin_sections import Section, instant, json_section
from apps.kernel.ids import IdKind
from apps.source_events.models import SourceEvent

EVENTS_SHOWN = 20


class SecretForm(BaseDialogForm):  # type: ignore[misc]
    """The secret that takes the place of the present one."""

    secret = forms.CharField(
        min_length=SECRET_CHARS_MIN,
        max_length=SECRET_CHARS_MAX,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="The provider has to sign with it from now on. It is never shown.",
    )


@admin.register(Integration)
class IntegrationAdmin(QuickListAdmin):
    """Integrations, and the buttons of the API."""

    list_display = ["id", "name", "provider", "standing", "place", "last_event"]
    list_filter = [
        choice_filter("provider", lambda: Provider.choices),
        "enabled",
        word_filter("project_id", title="project id"),
    ]
    list_select_related = ["project"]
    list_defer = ["config", "sealed_secret"]
    search_ids = {IdKind.INTEGRATION: "id"}
    search_names = ["name", "handle"]
    search_help_text = "Integration id, name or handle"
    actions_detail = ["replace_secret", "enable", "disable"]
    fields = [
        ("id", "standing"),
        ("name", "provider"),
        ("place", "created_by"),
        ("address", "last_event"),
        ("created_at", "updated_at"),
    ]
    readonly_fields = ["standing", "place", "address", "last_event"]

    standing = badge(
        "enabled",
        {"enabled": "success", "disabled": "danger"},
        description="state",
        value=lambda row: "enabled" if row.enabled else "disabled",
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Integration]":
        """Return the rows with the instant of their newest event."""
        return with_last_event(super().get_queryset(request))

    def offers(self, name: str, row: Integration) -> bool:
        """Offer what the state allows."""
        return {
            "replace_secret": row.provider != Provider.GMAIL,
            "enable": not row.enabled,
            "disable": row.enabled,
        }[name]

    def sections(self, request: HttpRequest, row: Integration) -> Sequence[Section]:
        """Show what it is told, and what came through it."""
        shown = [json_section("Config", row.config)]
        if may(request, "source_events.view_sourceevent"):
            shown.append(_events_section(row))
        return shown

    @related("project")
    def place(self, integration: Integration) -> str:
        """Link to the project."""
        return link("identity", "project", integration.project_id, integration.project)

    @related("address")
    def address(self, integration: Integration) -> str:
        """Show where the provider's deliveries reach it."""
        return receive_url(integration)

    @related("last event")
    def last_event(self, integration: Any) -> str:
        """Show when the newest event that is kept came."""
        return instant(integration.last_event_at)

    @button(
        "Replace secret",
        question="Take another secret? Deliveries signed with the old one are refused.",
        form=SecretForm,
        icon="key",
    )
    def replace_secret(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Replace the secret through the service of the API."""
        _change(object_id, Changes(secret=filled["secret"]))
        return "The new secret counts from now on."

    @button("Enable", question="Take deliveries again?", icon="play_arrow")
    def enable(self, request: HttpRequest, object_id: str) -> str:
        """Enable through the service of the API."""
        _change(object_id, Changes(enabled=True))
        return "The integration is enabled."

    @button("Disable", question="Take no deliveries?", icon="pause", danger=True)
    def disable(self, request: HttpRequest, object_id: str) -> str:
        """Disable through the service of the API."""
        _change(object_id, Changes(enabled=False))
        return "The integration is disabled; what came before stays."


def _events_section(integration: Integration) -> Section:
    rows = SourceEvent.objects.filter(source_id=integration.id, public=True)
    rows = rows.only("id", "event_type", "created_at", "dispatched_at")
    return Section(
        "Latest events",
        headers=["Event", "Type", "Came", "Dispatched"],
        rows=[
            (
                link("source_events", "sourceevent", event.id),
                event.event_type,
                instant(event.created_at),
                instant(event.dispatched_at),
            )
            for event in rows.order_by("-created_at", "-id")[:EVENTS_SHOWN]
        ],
    )


def _change(integration_id: str, changes: Changes) -> None:
    row = Integration.objects.only("project_id").get(id=integration_id)
    update_integration(row.project_id, integration_id, changes, now=clock.now())
