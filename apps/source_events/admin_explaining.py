"""What pages show of a match: the form that asks for one, and its checks."""

from typing import Final

from django import forms
from django.utils.html import format_html_join
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.kernel.admin import link
from apps.kernel.admin_sections import Section
from apps.kernel.errors import NotFound
from apps.source_events.explaining import Explanation, candidates, explain
from apps.source_events.models import Listener, ListenerSource, SourceEvent

LISTENERS_MAX: Final = 20
_PAGES: Final = {
    ListenerSource.TRIGGER: ("triggers", "trigger"),
    ListenerSource.WAIT: ("runs", "wait"),
    ListenerSource.WEBHOOK: ("webhooks", "webhook"),
}


class EventForm(BaseDialogForm):  # type: ignore[misc]
    """Which event to compare."""

    event_id = forms.CharField(
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="The id of a source event: sevt_…",
    )


class ListenerForm(BaseDialogForm):  # type: ignore[misc]
    """With whom to compare."""

    ref = forms.CharField(
        label="Trigger, wait or webhook",
        max_length=64,
        widget=UnfoldAdminTextInputWidget,
        help_text="The id of a trigger, trg_…, a wait, wait_…, or a webhook, whk_…",
    )


def told(explanation: Explanation) -> str:
    """Return what came of an event, and every check with its mark."""
    return format_html_join(
        "",
        "{}{}",
        [
            (explanation.came, ""),
            *(
                (" ✓ " if check.holds else " ✗ ", f"{check.error or check.words};")
                for check in explanation.checks
            ),
        ],
    )


def verdict(explanation: Explanation) -> str:
    """Return in short whether an event fits, and else the first reason why not."""
    objection = explanation.objection
    return f"✗ {objection}" if objection else "✓ it fits"


def listener_link(listener: Listener) -> str:
    """Return a link to the trigger, the wait or the webhook that listens."""
    app, model = _PAGES[ListenerSource(listener.source)]
    return link(app, model, listener.ref)


def listeners_section(event: SourceEvent) -> Section:
    """Return who listens for events of this type now, and what each says of it."""
    found = candidates(event, LISTENERS_MAX + 1)
    rows = []
    for listener in found[:LISTENERS_MAX]:
        try:
            said = explain(listener.ref, event)
        except NotFound:
            continue  # gone since the table was read
        cells = (listener.source, listener_link(listener), said.came, verdict(said))
        rows.append(cells)
    more = len(found) > LISTENERS_MAX
    return Section(
        "Who listens for its type",
        headers=["Kind", "Who", "What came of it", "Does it fit?"],
        rows=rows,
        note=f"the first {LISTENERS_MAX} of more" if more else "",
    )
