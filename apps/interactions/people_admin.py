"""Admin pages of who is asked and of what they said."""

from collections.abc import Sequence

from django.contrib import admin
from django.http import HttpRequest

from apps.interactions.models import (
    Channel,
    InteractionParticipant,
    InteractionResponse,
    ParticipantState,
)
from apps.kernel.admin import QuickListAdmin, link, related
from apps.kernel.admin_lists import age_filter, choice_filter
from apps.kernel.admin_sections import Section, json_section
from apps.kernel.ids import IdKind


@admin.register(InteractionResponse)
class InteractionResponseAdmin(QuickListAdmin):
    """Every answer: as whom, by whom, from where."""

    list_display = [
        *("id", "interaction", "as_whom", "given_by", "channel", "account"),
        *("address", "responded_at"),
    ]
    list_filter = [
        choice_filter("channel", lambda: Channel.choices),
        age_filter(IdKind.INTERACTION_RESPONSE),
    ]
    list_defer = ["value", "comment"]
    search_ids = {
        IdKind.INTERACTION_RESPONSE: "id",
        IdKind.INTERACTION: "interaction_id",
        IdKind.PRINCIPAL: "principal_id",
    }
    search_help_text = "Response id, interaction id or the id of who answered"
    fields = [
        ("id", "interaction"),
        ("as_whom", "given_by"),
        ("channel", "account", "key_id"),
        ("address", "user_agent"),
        ("round", "responded_at"),
        ("comment",),
    ]
    readonly_fields = ["interaction", "as_whom"]

    def sections(
        self, request: HttpRequest, row: InteractionResponse
    ) -> Sequence[Section]:
        """Show the answer."""
        return [json_section("Answer", row.value)]

    @related("interaction")
    def interaction(self, response: InteractionResponse) -> str:
        """Link to the question."""
        return link("interactions", "interaction", response.interaction_id)

    @related("answered as")
    def as_whom(self, response: InteractionResponse) -> str:
        """Link to the one who was asked."""
        return link("identity", "principal", response.principal_id)


@admin.register(InteractionParticipant)
class InteractionParticipantAdmin(QuickListAdmin):
    """Who is asked, why, and where they stand."""

    list_display = [
        *("interaction", "person", "role", "via", "state", "is_open", "asked_at"),
    ]
    list_filter = [choice_filter("state", lambda: ParticipantState.choices)]
    search_ids = {
        IdKind.INTERACTION: "interaction_id",
        IdKind.PRINCIPAL: "principal_id",
    }
    search_help_text = "Interaction id or the id of who is asked"
    fields = [
        ("interaction", "person"),
        ("role", "via"),
        ("state", "is_open"),
        ("asked_at",),
    ]
    readonly_fields = ["interaction", "person"]

    @related("interaction")
    def interaction(self, participant: InteractionParticipant) -> str:
        """Link to the question."""
        return link("interactions", "interaction", participant.interaction_id)

    @related("person")
    def person(self, participant: InteractionParticipant) -> str:
        """Link to who is asked."""
        return link("identity", "principal", participant.principal_id)
