"""The first section on the page of a run: why it stands where it stands."""

from typing import Final

from django.http import HttpRequest

from apps.diagnosis.reasons import Code, Reason
from apps.diagnosis.services.diagnose import diagnose
from apps.kernel import clock
from apps.kernel.admin import may
from apps.kernel.admin_sections import Section, instant
from apps.runs.admin_page import SAID_FIRST
from apps.runs.models import Run

#: What somebody has to be allowed to read, besides the run, to be told a reason.
_SHOWN_TO: Final = {
    Code.EVENT_FAILING: "source_events.view_sourceevent",
    Code.NO_WORKER: "jobs.view_worker",
    Code.WAITING_FOR_EVENT: "runs.view_wait",
}
_ASKED: Final = "interactions.view_interaction"


def _section(request: HttpRequest, run: Run) -> Section:
    found = diagnose(run.project_id, run.id, now=clock.now())
    return Section(
        "Why it stands where it stands",
        headers=["Code", "Reason", "Step", "Path", "Since", "Until"],
        rows=[
            (
                reason.code.value,
                _words(request, reason),
                reason.step,
                reason.path,
                instant(reason.since),
                instant(reason.until),
            )
            for reason in found.reasons
        ],
    )


def _words(request: HttpRequest, reason: Reason) -> str:
    asks = "interaction" in reason.details or "interaction_id" in reason.details
    permission = _ASKED if asks else _SHOWN_TO.get(reason.code)
    allowed = permission is None or may(request, permission)
    return reason.message if allowed else f"not shown without {permission}"


SAID_FIRST.append(_section)
