"""Send a signal to a run."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.engine.limits import SIGNALS_KEPT_MAX
from apps.engine.state import FINISHED, RunStatus
from apps.interactions.selectors import bars
from apps.kernel.errors import Conflict, PermissionDenied
from apps.kernel.ids import IdKind, new_id
from apps.runs.models import RunSignal
from apps.runs.selectors import find_run
from apps.source_events.catalog import SIGNAL_PREFIX
from apps.source_events.services.append import Fact, append_source_event

#: Signals a run may hold that no wait has taken yet. Below the engine's own limit, so
#: that senders at the same moment are refused here and never fail there.
UNTAKEN_MAX = SIGNALS_KEPT_MAX - 100

_UNTAKEN = """
SELECT coalesce(jsonb_array_length(r.state -> 'signals'), 0)
     + (SELECT count(*) FROM runs_runsignal s
        WHERE s.run_id = r.id AND s.delivered_at IS NULL)
FROM runs_run r WHERE r.id = %s
"""


@transaction.atomic
def send_signal(
    project_id: str,
    run_id: str,
    *,
    name: str,
    payload: Any,
    sender_id: str = "",
    now: datetime,
) -> RunSignal:
    """Store a signal for a run; a wait for ``name``, now or later, takes it once.

    Raises:
        NotFound: no such run in the project.
        PermissionDenied: it would answer a question that ``sender_id`` must not.
        Conflict: the run is finished, or holds too many signals already.
    """
    run = find_run(project_id, run_id)
    status = RunStatus(run.status)
    if status in FINISHED:
        raise Conflict(f"run {run_id} is {status}", status=status)
    if sender_id and bars(run_id, name, sender_id):
        raise PermissionDenied(
            f"signal {name} answers a question that must be answered by somebody else"
            " than who started the run",
            code="initiator_barred",
        )
    if _untaken(run_id) >= UNTAKEN_MAX:
        raise Conflict(
            f"run {run_id} holds {UNTAKEN_MAX} signals that no step has taken",
            code="too_many_signals",
        )
    signal = RunSignal.objects.create(
        id=new_id(IdKind.SIGNAL),
        run_id=run_id,
        project_id=project_id,
        name=name,
        payload=payload,
        created_at=now,
    )
    append_source_event(
        Fact(
            project_id,
            SIGNAL_PREFIX + name,
            source_kind="signal",
            source_id=signal.id,
            run_id=run_id,
            event={"signal_id": signal.id, "name": name, "payload": payload},
            meta={"run_id": run_id, "signal_name": name},
        ),
        now=now,
    )
    return signal


def _untaken(run_id: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_UNTAKEN, [run_id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def take_signals(run_ids: list[str], *, now: datetime) -> list[RunSignal]:
    """Return the undelivered signals of runs in sending order and mark them delivered.

    The caller holds the runs' locks, which makes delivery first in, first out however
    many dispatchers work at once.
    """
    rows = RunSignal.objects.filter(run_id__in=run_ids, delivered_at=None)
    signals = list(rows.order_by("number"))
    if signals:
        numbers = [signal.number for signal in signals]
        RunSignal.objects.filter(number__in=numbers).update(delivered_at=now)
    return signals
