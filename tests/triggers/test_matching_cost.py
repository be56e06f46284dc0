"""Finding the triggers of an event costs no more because there are many others, nor
because many wait for the same."""

import orjson
import pytest
from django.db import connection

from apps.api.rendering import to_json
from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.catalog import patterns_of
from apps.source_events.models import Listener
from apps.source_events.services.append import Fact, append_source_events
from apps.source_events.services.listeners import _FIND
from tests.support.api import Api
from tests.triggers.scenes import on_event

EVENTS = 50


@pytest.mark.parametrize("others", [1_000, 20_000])
def test_the_pages_read_depend_on_the_matches_alone(
    api: Api, project: Project, others: int
) -> None:
    on_event(api, "custom.order.placed")
    Listener.objects.bulk_create(
        Listener(
            project_id=project.id,
            pattern=f"custom.other{number}.*",
            source="trigger",
            ref=f"trg_{number}",
        )
        for number in range(others)
    )
    Listener.objects.bulk_create(
        Listener(
            project_id=project.id,
            pattern="custom.order.placed",
            source="wait",
            ref=f"wait_{number}",
        )
        for number in range(others)
    )
    event_type = "custom.order.placed"
    fact = Fact(project.id, event_type, source_kind="custom", settled=None)
    ids = append_source_events([fact] * EVENTS, now=clock.now())
    event = {"project_id": project.id, "source_id": ""}
    rows = [{**event, "id": id_, "patterns": patterns_of(event_type)} for id_ in ids]

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE source_events_listener, source_events_sourceevent")
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + _FIND,
            [to_json(rows).decode()],
        )
        (plan,) = cursor.fetchone()
    found = (plan if isinstance(plan, list) else orjson.loads(plan))[0]["Plan"]

    assert found["Actual Rows"] == EVENTS
    assert found["Shared Hit Blocks"] + found["Shared Read Blocks"] < EVENTS * 20
