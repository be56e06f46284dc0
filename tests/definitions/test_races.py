"""Definitions at the same moment: real threads, real commits."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from apps.definitions.services.create import NewDefinition, create_definition
from apps.definitions.services.publish import publish_version
from apps.definitions.services.retire import retire_definition
from apps.definitions.services.update import Changes, update_definition
from apps.identity.models import Project
from apps.kernel import clock
from apps.kernel.errors import Conflict, NotFound
from apps.source_events.models import Listener
from apps.triggers.models import Trigger
from apps.triggers.services.fire_by_hand import fire_by_hand
from apps.triggers.services.tick import tick
from apps.workflows.models import Dialect, Workflow, WorkflowVersion
from tests.definitions.scenes import (
    Body,
    automation,
    heard,
    hook,
    hourly,
    linear,
    loop,
    published,
    rows_of,
    step,
    version,
)
from tests.races.test_races import at_once
from tests.support.api import Api

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 6


def publishes(project: Project, number: int) -> Callable[[], Any]:
    return lambda: publish_version(
        project.id, "nightly", str(number), by="prin_1", now=clock.now()
    )


def retires(project: Project, dialect: Dialect, ref: str) -> Callable[[], Any]:
    return lambda: retire_definition(project.id, dialect, ref, now=clock.now())


def changes(project: Project, made: Body, **sent: Any) -> Callable[[], Any]:
    dialect = Dialect.AUTOMATION if "handle" in made else Dialect.LOOP
    return lambda: update_definition(
        project.id,
        dialect,
        made["id"],
        Changes(**sent),
        changed_by="prin_1",
        now=clock.now(),
    )


def creates(project: Project, name: str, *block: Body) -> Callable[[], Any]:
    new = NewDefinition(name, authored={"steps": [step()], "triggers": list(block)})
    return lambda: create_definition(
        project.id,
        project.organization_id,
        Dialect.LOOP,
        new,
        created_by="prin_1",
        now=clock.now(),
    )


def only_conflicts(outcomes: list[Any], *others: type[Exception]) -> None:
    for found in outcomes:
        refused = isinstance(found, Exception)
        assert not refused or isinstance(found, (Conflict, *others)), repr(found)


def holds(made: Body) -> Workflow:
    """The row; its published version is one, and its triggers are those of its block,
    enabled only if it is active."""
    row = Workflow.objects.get(id=made["id"])
    current = WorkflowVersion.objects.get(workflow=row, status="published")
    assert current.version == row.published_version
    numbers = WorkflowVersion.objects.filter(workflow=row).values_list("version")
    assert sorted(numbers) == [(n,) for n in range(1, row.latest_version + 1)]
    keys = {each["key"] for each in current.spec.body.get("triggers", [])}
    triggers = rows_of(made)
    assert triggers.keys() == keys
    assert {one.enabled for one in triggers.values()} <= {row.status == "active"}
    armed = {one.key for one in triggers.values() if one.next_fire_at is not None}
    due = {one.key for one in triggers.values() if one.kind == "schedule"}
    assert armed == (due if row.status == "active" else set())
    heard_by = Listener.objects.values("ref").annotate(count=Count("id"))
    listening = {each["ref"]: each["count"] for each in heard_by}
    events = {t.id for t in triggers.values() if t.kind == "event" and t.enabled}
    assert listening == dict.fromkeys(events, 1)
    return row


def test_of_publications_at_once_one_is_current_and_its_block_with_it(
    api: Api, project: Project
) -> None:
    made = automation(api)
    for number in range(1, 4):
        block = [hourly(key=f"t{n}") for n in range(number)]
        version(api, "nightly", linear(*block, heard(key=f"e{number}")))

    for _ in range(ROUNDS):
        outcomes = at_once(*[publishes(project, number) for number in (1, 2, 3)])
        only_conflicts(outcomes)
        assert not any(isinstance(found, Exception) for found in outcomes)
        holds(made)


def test_a_publication_against_the_archive(api: Api, project: Project) -> None:
    made = published(api, linear(hourly(key="a")))
    version(api, "nightly", linear(hourly(key="a"), heard(key="b")))

    for round_ in range(ROUNDS):
        archives = retires(project, Dialect.AUTOMATION, "nightly")
        acts = [publishes(project, 1 + round_ % 2), archives]
        outcomes = at_once(*(acts if round_ % 3 else acts[::-1]))
        only_conflicts(outcomes)
        assert holds(made).status == "archived"
        changes(project, made, status="active")()
        assert holds(made).status == "active"


def test_a_pause_against_a_publication_and_a_schedule(
    api: Api, project: Project
) -> None:
    made = published(api, linear(hourly(key="a"), hourly(key="b")))
    version(api, "nightly", linear(hourly(key="b"), heard(key="c")))

    for round_ in range(ROUNDS):
        later = max(
            (one.next_fire_at for one in rows_of(made).values() if one.next_fire_at),
            default=clock.now(),
        )
        outcomes = at_once(
            changes(project, made, status="paused"),
            publishes(project, 1 + round_ % 2),
            partial(tick, now=later),
            changes(project, made, status="active"),
        )
        only_conflicts(outcomes)
        assert not any(isinstance(found, Exception) for found in outcomes)
        # The clock of the schedule is ahead of ours; what it armed is armed again.
        tick(now=clock.now())
        holds(made)


def test_changes_of_a_loop_at_once_make_versions_without_a_gap(
    api: Api, project: Project
) -> None:
    made = loop(api, heard(key="a"))

    for _ in range(ROUNDS // 2):
        blocks = [
            [heard(key="a"), hourly(key="b"), hook("first-hook", key="c")],
            [hook("first-hook", key="a")],
            [heard("custom.other", key="a"), hook("second-hook", key="c")],
        ]
        outcomes = at_once(
            *[changes(project, made, authored={"triggers": b}) for b in blocks],
            changes(project, made, authored={"steps": [step("b")]}),
        )
        only_conflicts(outcomes)
        assert not any(isinstance(found, Exception) for found in outcomes)
        holds(made)


def test_a_deletion_against_changes(api: Api, project: Project) -> None:
    for number in range(ROUNDS):
        made = loop(api, hourly(key="a"), name=f"loop {number}")
        block = [hourly(key="a"), heard(f"custom.n{number}", key="b")]
        outcomes = at_once(
            retires(project, Dialect.LOOP, made["id"]),
            changes(project, made, authored={"triggers": block}),
            changes(project, made, status="paused"),
        )
        only_conflicts(outcomes, NotFound)
        assert holds(made).status == "deleted"


def test_of_loops_with_one_name_at_once_one_is_made(api: Api, project: Project) -> None:
    outcomes = at_once(*[creates(project, "Watch")] * 4)

    only_conflicts(outcomes)
    assert sum(isinstance(found, Workflow) for found in outcomes) == 1
    assert Workflow.objects.count() == WorkflowVersion.objects.count() == 1


def test_definitions_that_want_the_same_addresses_queue_up(
    api: Api, project: Project
) -> None:
    for round_ in range(ROUNDS):
        handles = [f"{name}-{round_}" for name in ("one-hook", "two-hook", "six-hook")]
        blocks = [
            [hook(handle) for handle in order] for order in (handles, handles[::-1])
        ]
        outcomes = at_once(
            *[creates(project, f"{round_}-{n}", *b) for n, b in enumerate(blocks * 2)]
        )
        only_conflicts(outcomes)
        assert sum(isinstance(found, Workflow) for found in outcomes) == 1
        assert Trigger.objects.filter(handle__in=handles).count() == 3


def test_a_fire_against_the_end_of_its_trigger(api: Api, project: Project) -> None:
    for number in range(ROUNDS):
        block = {"kind": "manual", "key": "go", "concurrency_policy": "queue"}
        made = loop(api, block, name=f"loop {number}")
        (row,) = rows_of(made).values()
        fires = [
            lambda id_=row.id: fire_by_hand(
                project.id, id_, {}, by="somebody", now=clock.now()
            )
        ] * 2
        outcomes = at_once(
            *fires,
            changes(project, made, authored={"triggers": [{**block, "name": "x"}]}),
            changes(project, made, status="paused"),
        )
        only_conflicts(outcomes)
        holds(made)
