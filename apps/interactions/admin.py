"""Admin pages of questions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.api.body import invalid_field
from apps.api.rendering import read_json
from apps.identity.models import Principal, PrincipalKind
from apps.identity.permissions import Permission
from apps.interactions import group_admin, people_admin
from apps.interactions.actors import ADDRESS_MAX, USER_AGENT_MAX, Actor
from apps.interactions.answers import Mode, mode_of
from apps.interactions.inbox_queries import people_of, rule_in_words
from apps.interactions.models import (
    Channel,
    Interaction,
    InteractionStatus,
)
from apps.interactions.requests import COMMENT_CHARS_MAX
from apps.interactions.services.cancel import cancel_interaction
from apps.interactions.services.respond import respond_to_interaction
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    link_list,
    related,
)
from apps.kernel.admin_lists import age_filter, choice_filter
from apps.kernel.admin_sections import Section, json_section, pill
from apps.kernel.ids import IdKind

__all__ = ["group_admin", "people_admin"]

STATUS_COLOURS = {
    "pending": "warning",
    "in_review": "warning",
    "completed": "success",
    "expired": "danger",
    "cancelled": "info",
}
_TEXT_MODES = (Mode.INPUT, Mode.SELECT)


class AnswerForm(BaseDialogForm):  # type: ignore[misc]
    """An answer in somebody else's place."""

    on_behalf_of = forms.CharField(
        max_length=128,
        widget=UnfoldAdminTextInputWidget,
        help_text="The id of the one who is asked.",
    )
    value = forms.CharField(
        widget=UnfoldAdminTextareaWidget,
        help_text="true or false, a text, or JSON: as the question asks for.",
    )
    comment = forms.CharField(
        max_length=COMMENT_CHARS_MAX, required=False, widget=UnfoldAdminTextareaWidget
    )


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
    list_defer = ["context", "spec", "value", "comment", "lifecycle"]
    search_ids = {
        IdKind.INTERACTION: "id",
        IdKind.RUN: "run_id",
        IdKind.PRINCIPAL: "target_id",
        IdKind.GROUP: "target_id",
    }
    search_help_text = "Interaction id, run id or the id of who is asked"
    actions_detail = ["respond", "cancel"]
    fields = [
        ("id", "state"),
        ("message",),
        ("description",),
        ("type", "run"),
        ("target", "rule"),
        ("people",),
        ("created_at", "expires_at"),
        ("answered_by", "completed_at"),
        ("resolved_by", "answers"),
        ("comment",),
        ("cancel_reason",),
    ]
    readonly_fields = [
        *("state", "run", "target", "rule", "people", "answered_by", "answers"),
    ]

    state = badge(
        "status",
        STATUS_COLOURS,
        value=lambda interaction: interaction.status_at(clock.now()).value,
    )

    def sections(self, request: HttpRequest, row: Interaction) -> Sequence[Section]:
        """Show what was asked, what came back and what happened on the way."""
        return [
            json_section("Answer", row.value),
            json_section("Context", row.context),
            json_section("Record", row.lifecycle, closed=True),
            json_section("Form", row.spec, closed=True),
        ]

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answering for others is a permission of its own."""
        return request.user.has_perm("interactions.respond_for_others")

    def offers(self, name: str, row: Model) -> bool:
        """Offer buttons while something can still happen."""
        return isinstance(row, Interaction) and row.is_open(clock.now())

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
        if interaction.target_type == "group":
            return link("interactions", "group", interaction.target_id)
        return link("identity", "principal", interaction.target_id)

    @related("rule")
    def rule(self, interaction: Interaction) -> str:
        """Say how many answers it takes."""
        return rule_in_words(interaction, people_of(interaction))

    @related("people")
    def people(self, interaction: Interaction) -> str:
        """Show everybody with a part in it, and where they stand."""
        rows = (
            (
                link("identity", "principal", person.principal_id, person.name),
                pill(person.state),
                f"{person.role}, {person.via}",
            )
            for person in people_of(interaction)
        )
        return format_html_join("", "<div>{} {} {}</div>", rows)

    @related("answered by")
    def answered_by(self, interaction: Interaction) -> str:
        """Link to who answered."""
        return link("identity", "principal", interaction.responder_id)

    @related("answers")
    def answers(self, interaction: Interaction) -> str:
        """Link to every answer and where it came from."""
        return link_list(
            "interactions",
            "interactionresponse",
            "who answered, from where",
            q=interaction.id,
        )

    @button(
        "Respond for somebody",
        question="The answer is recorded as yours, in their place.",
        form=AnswerForm,
        icon="how_to_vote",
    )
    def respond(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Answer through the service of the API."""
        interaction = Interaction.objects.get(pk=object_id)
        done = respond_to_interaction(
            interaction.project_id,
            object_id,
            actor=_actor(request, interaction.project_id),
            value=_value(filled["value"], interaction),
            comment=filled["comment"],
            on_behalf_of=filled["on_behalf_of"].strip(),
            now=clock.now(),
        )
        return f"The answer is recorded; the interaction is {done.status}."

    @button("Cancel", question="Withdraw this question?", icon="cancel", danger=True)
    def cancel(self, request: HttpRequest, object_id: str) -> str:
        """Cancel through the service of the API."""
        interaction = Interaction.objects.only("project_id").get(pk=object_id)
        actor = _actor(request, interaction.project_id)
        by = f"cancelled in the admin by {request.user.get_username()}"
        cancel_interaction(
            interaction.project_id,
            object_id,
            actor=actor,
            reason=by,
            now=clock.now(),
        )
        return "The interaction is cancelled."


def _actor(request: HttpRequest, project_id: str) -> Actor:
    """Return the signed-in account, as its principal in the project if it has one."""
    user: Any = request.user
    mine = Principal.objects.filter(project_id=project_id, user=user).first()
    agent = request.META.get("HTTP_USER_AGENT", "")
    return Actor(
        principal_id=mine.id if mine else "",
        kind=PrincipalKind.HUMAN,
        name=user.get_username(),
        permissions=frozenset(
            {Permission.INTERACTION_RESPOND_FOR_OTHERS, Permission.INTERACTION_MANAGE}
        ),
        channel=Channel.ADMIN,
        account=user.get_username(),
        address=str(request.META.get("REMOTE_ADDR") or "")[:ADDRESS_MAX],
        user_agent=agent[:USER_AGENT_MAX].replace("\x00", ""),
    )


def _value(written: str, interaction: Interaction) -> Any:
    """Return what was typed: a text as it is, everything else as JSON."""
    if mode_of(interaction.spec, interaction.type) in _TEXT_MODES:
        return written
    try:
        return read_json(written.encode())
    except ValueError:
        raise invalid_field("value", "expected JSON") from None
