"""Admin pages of questions."""

from django.contrib import admin

from apps.interactions.models import Interaction
from apps.kernel import clock
from apps.kernel.admin import ReadOnlyAdmin, badge, link, related

STATUS_COLOURS = {
    "pending": "warning",
    "completed": "success",
    "expired": "danger",
    "cancelled": "info",
}


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyAdmin):
    """Questions, who is asked and what came back."""

    list_display = [
        *("id", "state", "type", "message", "target", "run"),
        *("expires_at", "created_at"),
    ]
    list_filter = ["status", "type", "target_type", "created_at", "expires_at"]
    search_fields = ["id", "run_id", "target_id", "responder_id", "message"]
    ordering = ["-created_at"]
    readonly_fields = ["run", "target", "answered_by"]

    state = badge(
        "status",
        STATUS_COLOURS,
        value=lambda interaction: interaction.status_at(clock.now()).value,
    )

    @related("run", order_by="run_id")
    def run(self, interaction: Interaction) -> str:
        """Link to the run that asks."""
        return link("runs", "run", interaction.run_id)

    @related("asks", order_by="target_id")
    def target(self, interaction: Interaction) -> str:
        """Link to whom it asks; ids that are nobody's lead nowhere."""
        return link("identity", "principal", interaction.target_id)

    @related("answered by", order_by="responder_id")
    def answered_by(self, interaction: Interaction) -> str:
        """Link to who answered."""
        return link("identity", "principal", interaction.responder_id)
