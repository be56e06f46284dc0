"""Admin page of deliveries: what left, what waits, what failed and why."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import admin
from django.http import HttpRequest

from apps.deliveries.models import Delivery, DeliveryKind, DeliveryStatus, Trouble
from apps.deliveries.selectors import is_under_way
from apps.deliveries.services.resend import resend_delivery
from apps.kernel import clock
from apps.kernel.admin import QuickListAdmin, badge, button, link, related
from apps.kernel.admin_lists import age_filter, choice_filter
from apps.kernel.admin_sections import Section, instant, json_section
from apps.kernel.ids import IdKind

STATES = {
    "delivered": "success",
    "failed": "danger",
    "retrying": "warning",
    "sending": "info",
}


def state_of(delivery: Delivery) -> str:
    """Return delivered, failed, sending, retrying or pending."""
    if delivery.status != DeliveryStatus.PENDING:
        return delivery.status
    if is_under_way(delivery, clock.now()):
        return "sending"
    return "retrying" if delivery.failures else "pending"


@admin.register(Delivery)
class DeliveryAdmin(QuickListAdmin):
    """Messages to others, and the button that sends one again."""

    list_display = [
        *("id", "purpose", "state", "target", "attempts", "next_attempt_at"),
        "trouble",
    ]
    list_filter = [
        choice_filter("status", lambda: DeliveryStatus.choices),
        choice_filter("kind", lambda: DeliveryKind.choices),
        age_filter(IdKind.DELIVERY),
    ]
    list_defer = ["payload", "headers", "tries", "last_answer"]
    search_ids = {
        IdKind.DELIVERY: "id",
        IdKind.RUN: "run_id",
        IdKind.INTERACTION: "subject_id",
        IdKind.WEBHOOK: "subject_id",
    }
    search_help_text = "Delivery, run, interaction or webhook id"
    actions_detail = ["send_again"]
    fields = [
        ("id", "state"),
        ("purpose", "kind"),
        ("target", "secret_ref"),
        ("subject_id", "run"),
        ("lane", "last_answer"),
        ("attempts", "failures"),
        ("next_attempt_at", "delivered_at"),
        ("last_status", "last_error"),
        ("created_at", "place"),
    ]
    readonly_fields = ["state", "target", "run", "place"]

    state = badge("status", STATES, value=state_of, description="state")

    def offers(self, name: str, row: Delivery) -> bool:
        """Nothing to do while it is being sent, or when its text is erased."""
        if row.kind == DeliveryKind.MAIL and row.status != DeliveryStatus.PENDING:
            return False
        return state_of(row) != "sending"

    def sections(self, request: HttpRequest, row: Delivery) -> Sequence[Section]:
        """Show every try, and the body of a callback; a mail's text is nobody's but the
        receiver's."""
        tries = _tries_section(row)
        if row.kind == DeliveryKind.MAIL:
            return [tries]
        return [tries, json_section("Body", row.payload)]

    @related("to")
    def target(self, delivery: Delivery) -> str:
        """Show where it goes."""
        return delivery.url or delivery.recipient

    @related("run")
    def run(self, delivery: Delivery) -> str:
        """Link to the run."""
        return link("runs", "run", delivery.run_id)

    @related("project")
    def place(self, delivery: Delivery) -> str:
        """Link to the project."""
        return link("identity", "project", delivery.project_id)

    @related("trouble")
    def trouble(self, delivery: Delivery) -> str:
        """Show what the last attempt met."""
        return delivery.last_error[:200]

    @button("Send again", question="Send this message now?", icon="replay")
    def send_again(self, request: HttpRequest, object_id: str) -> str:
        """Make it due now."""
        resend_delivery(object_id, now=clock.now())
        return "The message is due now."


@admin.register(Trouble)
class TroubleAdmin(QuickListAdmin):
    """Receivers that did not take their last messages."""

    list_display = ["lane", "failures", "failed", "since", "place"]
    search_ids = {IdKind.WEBHOOK: "lane", IdKind.PROJECT: "project_id"}
    search_names = ["lane"]
    search_help_text = "Webhook or project id, or the origin of a URL"
    fields = [("lane", "place"), ("failures", "failed"), ("since", "updated_at")]
    readonly_fields = ["place"]

    @related("project")
    def place(self, trouble: Trouble) -> str:
        """Link to the project."""
        return link("identity", "project", trouble.project_id)


def _tries_section(delivery: Delivery) -> Section:
    return Section(
        "Tries",
        headers=["Attempt", "When", "Status", "Trouble"],
        rows=[
            (
                str(one["attempt"]),
                instant(datetime.fromisoformat(one["at"])),
                str(one["status"] or "-"),
                one["error"],
            )
            for one in reversed(delivery.tries)
        ],
    )
