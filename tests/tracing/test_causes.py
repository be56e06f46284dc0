"""What belongs to a run's trace when many things cause its moves."""

import pytest

from apps.identity.models import Project
from apps.kernel import clock, tracing
from apps.runs.models import Run
from apps.source_events.models import SourceEvent
from apps.source_events.services.append import Fact, append_source_event
from tests.interactions.scenes import people, step, user
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.specs import spec
from tests.tracing.spans import Spans, links_of, place_of, trace_of
from tests.triggers.scenes import on_event

pytestmark = pytest.mark.django_db(transaction=True)

TRACE, OTHER = "1" * 32, "2" * 32
CALLER, ANOTHER = f"00-{TRACE}-{'3' * 16}-01", f"00-{OTHER}-{'4' * 16}-01"
WAITING = spec(
    {"name": "wait", "wait_signal": {"topic": "go", "timeout": "1h", "store": "x"}}
)


def start(api: Api, authored: object) -> str:
    """Start a run in ``CALLER``'s trace; its first moves are made."""
    with tracing.begin("call", parent=CALLER):
        answer = api.post("runs", {"spec": authored})
    assert answer.status_code == 202, answer.content
    dispatch_all()
    return str(answer.json()["id"])


def test_a_signal_of_another_trace_is_linked_and_the_run_stays_in_its_own(
    api: Api, spans: Spans
) -> None:
    run_id = start(api, WAITING)
    with tracing.begin("signal", parent=ANOTHER):
        api.post(f"runs/{run_id}/signals", {"name": "go"})
    dispatch_all()

    ended = spans.one("progress run", status="completed")
    [cause] = [one for one in spans.named("dispatch") if trace_of(one) == OTHER]
    assert trace_of(ended) == TRACE
    assert links_of(ended) == {place_of(cause)}
    assert spans.path(cause) == ["dispatch", "signal", "4" * 16]


def test_two_causes_in_one_batch_are_both_told(api: Api, spans: Spans) -> None:
    run_id = start(api, WAITING)
    with tracing.begin("signal", parent=ANOTHER):
        api.post(f"runs/{run_id}/signals", {"name": "go"})
    with tracing.begin("cancel", parent=CALLER):
        api.post(f"runs/{run_id}/cancel")
    dispatch_all()

    cancelled = spans.one("progress run", status="cancelled")
    assert spans.path(cancelled) == ["progress run", "cancel", "3" * 16]
    assert spans.one("run", run_id=run_id, status="cancelled")


def test_a_run_that_an_event_starts_is_in_the_trace_of_who_published_it(
    api: Api, project: Project, spans: Spans
) -> None:
    on_event(api, "custom.paid")
    with tracing.begin("publish", parent=CALLER):
        fact = Fact(project.id, "custom.paid", source_kind="custom", settled=None)
        append_source_event(fact, now=clock.now())
    dispatch_all()

    run = Run.objects.get()
    [first, *_] = spans.named("progress run", run_id=run.id)
    assert spans.path(first) == [
        *("progress run", "dispatch", "dispatch", "publish", "3" * 16)
    ]


def test_the_timers_of_a_question_belong_to_the_run_that_asked(
    api: Api, project: Project, spans: Spans
) -> None:
    [ann] = people(project, "ann")
    run_id = start(api, spec(step(user(ann), reminders=["1h"])))

    due = SourceEvent.objects.get(event_type="interaction.due")
    [asked] = spans.named("progress run", run_id=run_id)
    assert due.traceparent is not None
    assert due.traceparent[3:52] == f"{TRACE}-{place_of(asked)[1]:016x}"


def test_a_row_of_before_traces_begins_one_and_one_that_is_broken_stops_nothing(
    api: Api, spans: Spans
) -> None:
    for place in (None, "nonsense"):
        answer = api.post("runs", {"spec": WAITING})
        SourceEvent.objects.filter(run_id=answer.json()["id"]).update(traceparent=place)
        Run.objects.filter(id=answer.json()["id"]).update(traceparent=place)
        dispatch_all()

    moves = spans.named("progress run")
    assert [spans.path(move) for move in moves] == 2 * [["progress run", "dispatch"]]
    assert set(Run.objects.values_list("status", flat=True)) == {"suspended"}
