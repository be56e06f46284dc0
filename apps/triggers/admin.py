"""Admin pages of triggers and fires: what goes off when, what came of it, and why."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.api.body import invalid_field
from apps.kernel import clock
from apps.kernel.admin import (
    QuickListAdmin,
    badge,
    button,
    link,
    link_list,
    may,
    related,
)
from apps.kernel.admin_lists import choice_filter, word_filter
from apps.kernel.admin_sections import Section, instant, json_section, one_line, pill
from apps.kernel.ids import IdKind
from apps.source_events.admin_explaining import EventForm, told
from apps.source_events.explaining import EXPLAINERS, public_event
from apps.triggers.explaining import explain_trigger
from apps.triggers.fire_admin import FIRE_COLOURS, run_links
from apps.triggers.models import Trigger, TriggerFire, TriggerKind
from apps.triggers.renderings import receive_url
from apps.triggers.services.fire_by_hand import fire_by_hand
from apps.triggers.services.update import Changes, update_trigger

FIRES_SHOWN = 20

EXPLAINERS[IdKind.TRIGGER] = explain_trigger


class FireForm(BaseDialogForm):  # type: ignore[misc]
    """What a fire by hand sends."""

    inputs = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="A JSON object; empty for none. It stands in for the event.",
    )


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of triggers, as choices of a filter."""
    return [(kind.value, kind.value) for kind in TriggerKind]


@admin.register(Trigger)
class TriggerAdmin(QuickListAdmin):
    """Triggers, and the buttons of the API."""

    list_display = ["id", "name", "kind", "source", "standing", "place", "next_fire_at"]
    list_filter = [
        choice_filter("kind", kinds),
        "enabled",
        word_filter("project_id", title="project id"),
        word_filter("workflow_id", title="definition id"),
    ]
    list_select_related = ["project"]
    list_defer = ["targets", "filter_config", "sealed_secret"]
    search_ids = {IdKind.TRIGGER: "id"}
    search_names = ["name", "handle"]
    search_help_text = "Trigger id, name or handle"
    actions_detail = ["fire", "explain", "enable", "disable"]
    fields = [
        ("id", "standing"),
        ("name", "kind"),
        ("place", "created_by"),
        ("definition", "key"),
        ("concurrency_policy", "max_concurrent_runs"),
        ("next_fire_at", "address"),
        ("created_at", "updated_at"),
    ]
    readonly_fields = ["standing", "place", "definition", "address"]

    standing = badge(
        "enabled",
        {"enabled": "success", "disabled": "danger"},
        description="state",
        value=lambda trigger: "enabled" if trigger.enabled else "disabled",
    )

    def offers(self, name: str, row: Trigger) -> bool:
        """Offer what the state allows; a definition's own follow its status."""
        is_own = not row.workflow_id
        return {
            "fire": row.enabled,
            "explain": row.kind == TriggerKind.EVENT,
            "enable": is_own and not row.enabled,
            "disable": is_own and row.enabled,
        }[name]

    def sections(self, request: HttpRequest, row: Trigger) -> Sequence[Section]:
        """Show what it listens to, what it starts and what came of it."""
        source = {"source": row.source_config, "filter": row.filter_config}
        shown = [json_section("Source", source), json_section("Targets", row.targets)]
        if may(request, "triggers.view_triggerfire"):
            shown.append(_fires_section(row))
        return shown

    @related("source")
    def source(self, trigger: Trigger) -> str:
        """Say in a line what it waits for."""
        return one_line(trigger.source_config) if trigger.source_config else "-"

    @related("project")
    def place(self, trigger: Trigger) -> str:
        """Link to the project."""
        return link("identity", "project", trigger.project_id, trigger.project)

    @related("definition")
    def definition(self, trigger: Trigger) -> str:
        """Link to the definition whose block it comes from."""
        if not trigger.workflow_id:
            return "-"
        return link("workflows", "workflow", trigger.workflow_id)

    @related("address")
    def address(self, trigger: Trigger) -> str:
        """Show where requests reach it, and whether they have to be signed."""
        if not trigger.handle:
            return "-"
        signed = "signed requests only" if trigger.sealed_secret else "no secret"
        return f"{receive_url(trigger)} ({signed})"

    @button(
        "Fire now",
        question="Start the runs of this trigger now?",
        form=FireForm,
        icon="local_fire_department",
    )
    def fire(self, request: HttpRequest, object_id: str, filled: dict[str, Any]) -> str:
        """Fire through the service of the API."""
        trigger = Trigger.objects.only("project_id").get(id=object_id)
        by = f"the admin {request.user.get_username()}"
        fire = fire_by_hand(
            trigger.project_id,
            object_id,
            _json_object(filled["inputs"]),
            by=by,
            now=clock.now(),
        )
        runs = f" Runs: {', '.join(fire.run_ids)}." if fire.run_ids else ""
        why = f" {fire.error}" if fire.error else ""
        return f"The fire is {fire.status}.{runs}{why}"

    @button(
        "Why did it (not) match?",
        question="Compare an event with this trigger, check by check.",
        form=EventForm,
        icon="help",
    )
    def explain(
        self, request: HttpRequest, object_id: str, filled: dict[str, Any]
    ) -> str:
        """Say of each check whether it holds, and what came of the event."""
        event = public_event(filled["event_id"].strip())
        return told(explain_trigger(object_id, event))

    @button("Enable", question="Let this trigger go off again?", icon="play_arrow")
    def enable(self, request: HttpRequest, object_id: str) -> str:
        """Enable through the service of the API."""
        _change(object_id, enabled=True)
        return "The trigger is enabled; its next slot counts from now."

    @button("Disable", question="Stop this trigger?", icon="pause", danger=True)
    def disable(self, request: HttpRequest, object_id: str) -> str:
        """Disable through the service of the API."""
        _change(object_id, enabled=False)
        return "The trigger is disabled; its runs go on."


def _fires_section(trigger: Trigger) -> Section:
    rows = TriggerFire.objects.filter(trigger_id=trigger.id).defer("context")
    return Section(
        "Latest fires",
        headers=["Fire", "Status", "Fired", "Slot", "Runs", "Why"],
        rows=[
            (
                link("triggers", "triggerfire", fire.id),
                pill(fire.status, FIRE_COLOURS),
                instant(fire.fired_at),
                instant(fire.scheduled_at),
                run_links(fire),
                fire.error,
            )
            for fire in rows.order_by("-fired_at", "-id")[:FIRES_SHOWN]
        ],
        more=link_list("triggers", "triggerfire", "All fires", trigger_id=trigger.id),
    )


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text) if text.strip() else {}
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise invalid_field("inputs", "expected a JSON object")
    return value


def _change(trigger_id: str, *, enabled: bool) -> None:
    trigger = Trigger.objects.only("project_id").get(id=trigger_id)
    changes = Changes(enabled=enabled)
    update_trigger(trigger.project_id, trigger_id, changes, now=clock.now())
