"""Admin page of webhooks: who is told, how that goes, and the buttons of the API."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.deliveries.admin import STATES, state_of
from apps.deliveries.selectors import deliveries_about, troubles_of
from apps.kernel import clock
from apps.kernel.admin import QuickListAdmin, badge, button, link, may, related
from apps.kernel.admin_lists import choice_filter, word_filter
from apps.kernel.admin_sections import Section, instant, json_section, pill
from apps.kernel.ids import IdKind
from apps.source_events.explaining import EXPLAINERS
from apps.webhooks.explaining import explain_webhook
from apps.webhooks.models import Scheme, Webhook
from apps.webhooks.services.ping import ping_webhook
from apps.webhooks.services.update import Changes, update_webhook

EXPLAINERS[IdKind.WEBHOOK] = explain_webhook
DELIVERIES_SHOWN = 20


def standing_of(webhook: Webhook) -> str:
    """Return enabled, without address, disabled, or dead: disabled by ourselves."""
    if not webhook.enabled:
        return "dead" if webhook.disabled_reason else "disabled"
    return "enabled" if webhook.url else "without address"


@admin.register(Webhook)
class WebhookAdmin(QuickListAdmin):
    """Webhooks, and their latest deliveries."""

    list_display = ["id", "name", "standing", "url", "hears", "place"]
    list_filter = [
        "enabled",
        choice_filter("scheme", lambda: Scheme.choices),
        word_filter("project_id", title="project id"),
    ]
    list_select_related = ["project"]
    search_ids = {IdKind.WEBHOOK: "id"}
    search_names = ["name"]
    search_help_text = "Webhook id or name"
    actions_detail = ["ping", "enable", "disable"]
    fields = [
        ("id", "standing"),
        ("name", "place"),
        ("url", "hears"),
        ("scheme", "secret_version"),
        ("trouble", "disabled_reason"),
        ("created_by", "updated_by"),
        ("created_at", "updated_at"),
    ]
    readonly_fields = ["standing", "hears", "place", "trouble"]

    standing = badge(
        "enabled",
        {"enabled": "success", "disabled": "warning", "dead": "danger"},
        description="state",
        value=standing_of,
    )

    def offers(self, name: str, row: Webhook) -> bool:
        """Offer what the state allows."""
        return {
            "ping": bool(row.url),
            "enable": not row.enabled,
            "disable": row.enabled,
        }[name]

    def sections(self, request: HttpRequest, row: Webhook) -> Sequence[Section]:
        """Show its tags and what was sent to it last."""
        shown = [json_section("Tags", row.tags)] if row.tags else []
        if may(request, "deliveries.view_delivery"):
            shown.append(_deliveries_section(row))
        return shown

    @related("hears")
    def hears(self, webhook: Webhook) -> str:
        """Show the events."""
        return ", ".join(webhook.events) or "all events"

    @related("project")
    def place(self, webhook: Webhook) -> str:
        """Link to the project."""
        return link("identity", "project", webhook.project_id, webhook.project)

    @related("trouble")
    def trouble(self, webhook: Webhook) -> str:
        """Show since when nothing was delivered."""
        found = troubles_of([webhook.id]).get(webhook.id)
        if found is None:
            return "none"
        return (
            f"{found.failures} attempts in a row failed since {instant(found.since)};"
            f" {found.failed} messages were given up"
        )

    @button("Send a ping", question="Send a signed ping now?", icon="sensors")
    def ping(self, request: HttpRequest, object_id: str) -> str:
        """Ping through the service of the API."""
        pinged = ping_webhook(Webhook.objects.get(id=object_id), now=clock.now())
        said = f"answered {pinged.status_code}" if pinged.success else pinged.error
        return f"After {pinged.latency_ms} ms: {said}"

    @button("Enable", question="Tell it events again?", icon="play_arrow")
    def enable(self, request: HttpRequest, object_id: str) -> str:
        """Enable through the service of the API."""
        _change(object_id, Changes(enabled=True))
        return "The webhook is enabled."

    @button(
        "Disable",
        question="Tell it nothing any more? What waits to be sent is given up.",
        icon="pause",
        danger=True,
    )
    def disable(self, request: HttpRequest, object_id: str) -> str:
        """Disable through the service of the API."""
        _change(object_id, Changes(enabled=False))
        return "The webhook is disabled."


def _deliveries_section(webhook: Webhook) -> Section:
    rows = deliveries_about(webhook.project_id, webhook.id).defer("tries")
    return Section(
        "Latest deliveries",
        headers=["Delivery", "Event", "State", "Attempts", "Trouble", "Created"],
        rows=[
            (
                link("deliveries", "delivery", one.id),
                one.payload["type"],
                pill(state_of(one), STATES),
                str(one.attempts),
                one.last_error[:200],
                instant(one.created_at),
            )
            for one in rows.order_by("-created_at", "-id")[:DELIVERIES_SHOWN]
        ],
    )


def _change(webhook_id: str, changes: Changes) -> None:
    row = Webhook.objects.only("project_id").get(id=webhook_id)
    update_webhook(
        row.project_id, webhook_id, changes, changed_by="admin", now=clock.now()
    )
