"""Admin pages of questions."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.interactions.models import Interaction, InteractionStatus
from apps.kernel import clock
from apps.kernel.admin import QuickListAdmin, badge, link, related
from apps.kernel.admin_lists import age_filter, choice_filter
from apps.kernel.admin_sections import Section, json_section
from apps.kernel.ids import IdKind

STATUS_COLOURS = {
    "pending": "warning",
    "completed": "success",
    "expired": "danger",
    "cancelled": "info",
}


@admin.register(Interaction)
class InteractionAdmin(QuickListAdmin):
    """Questions, who is asked and what came back."""

    list_display = [
        *("id", "state", "type", "question", "target", "run"),
        *("expires_at", "created_at"),
    ]
    list_filter = [
        choice_filter("status", lambda: InteractionStatus.choices),
        age_filter(IdKind.INTERACTION),
    ]
    list_defer = ["context", "spec", "value", "comment"]
    search_ids = {
        IdKind.INTERACTION: "id",
        IdKind.RUN: "run_id",
        IdKind.PRINCIPAL: "target_id",
    }
    search_help_text = "Interaction id, run id or the id of who is asked"
    fields = [
        ("id", "state"),
        ("message",),
        ("type", "run"),
        ("target", "require_all"),
        ("created_at", "expires_at"),
        ("answered_by", "completed_at"),
        ("comment",),
    ]
    readonly_fields = ["state", "run", "target", "answered_by"]

    state = badge(
        "status",
        STATUS_COLOURS,
        value=lambda interaction: interaction.status_at(clock.now()).value,
    )

    def sections(self, request: HttpRequest, row: Interaction) -> Sequence[Section]:
        """Show what was asked and what came back."""
        return [
            json_section("Answer", row.value),
            json_section("Context", row.context),
            json_section("Form", row.spec, closed=True),
        ]

    @related("message")
    def question(self, interaction: Interaction) -> str:
        """Show the start of the message."""
        text = interaction.message
        return text if len(text) <= 80 else text[:80] + "…"

    @related("run")
    def run(self, interaction: Interaction) -> str:
        """Link to the run that asks."""
        return link("runs", "run", interaction.run_id)

    @related("asks")
    def target(self, interaction: Interaction) -> str:
        """Link to whom it asks; ids that are nobody's lead nowhere."""
        return link("identity", "principal", interaction.target_id)

    @related("answered by")
    def answered_by(self, interaction: Interaction) -> str:
        """Link to who answered."""
        return link("identity", "principal", interaction.responder_id)
