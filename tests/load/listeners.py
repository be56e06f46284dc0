"""Very many event triggers in a project of their own, and events that some hear.

Imported once Django is set up.
"""

import time
from random import Random
from typing import Final

from django.db import transaction

from apps.dispatch.services.drain import drain_batch
from apps.identity.models import Organization, Project
from apps.kernel import clock
from apps.source_events.models import Listener, ListenerSource
from apps.source_events.services.append import Fact, append_facts
from apps.triggers.models import Trigger, TriggerKind

EVENTS: Final = 50
_ROWS: Final = 2000
_CONDITION: Final = "event.amount > 100"


class Crowd:
    """Triggers with a type of events each, as in a project that many use."""

    def __init__(self) -> None:
        self._name = f"crowd{time.time_ns()}"
        organization = Organization.objects.first()
        assert organization is not None
        now = clock.now()
        self._project = Project.objects.create(
            organization=organization,
            handle=self._name,
            name=self._name,
            created_at=now,
            updated_at=now,
        )
        self._count = 0
        self._random = Random(1)

    def grow(self, count: int) -> None:
        """Have so many triggers in all."""
        for start in range(self._count, count, _ROWS):
            self._add([self._type(n) for n in range(start, min(start + _ROWS, count))])
        self._count = count

    def round(self, hearing: int) -> tuple[float, float]:
        """Append events that so many triggers hear each, and dispatch them; return
        the seconds that either took. Nothing of it stays."""
        with transaction.atomic():
            shops = self._random.sample(range(self._count), EVENTS)
            for _ in range(hearing - 1):
                self._add([self._type(shop) for shop in shops])
            now = clock.now()
            facts = [
                Fact(
                    self._project.id,
                    self._type(shop),
                    source_kind="custom",
                    event={"amount": 5, "order": f"o{shop}"},
                    settled=None,
                )
                for shop in shops
            ]
            began = time.perf_counter()
            append_facts(facts, now=now)
            appended = time.perf_counter()
            taken = drain_batch(now)
            dispatched = time.perf_counter()
            transaction.set_rollback(True)
        if taken != EVENTS:
            raise RuntimeError(f"{taken} instead of {EVENTS} events were dispatched")
        return appended - began, dispatched - appended

    def remove(self) -> None:
        """Remove all of it."""
        Listener.objects.filter(project_id=self._project.id).delete()
        Trigger.objects.filter(project=self._project).delete()
        self._project.delete()

    def _type(self, number: int) -> str:
        return f"custom.{self._name}.shop{number}.placed"

    def _add(self, types: list[str]) -> None:
        now = clock.now()
        triggers = [
            Trigger(
                project=self._project,
                name=f"{type_} {time.perf_counter_ns()}",
                kind=TriggerKind.EVENT,
                source_config={"event_type": type_, "condition": _CONDITION},
                targets=[{"workflow_id": "aut_none"}],
                created_at=now,
                updated_at=now,
            )
            for type_ in types
        ]
        Trigger.objects.bulk_create(triggers)
        Listener.objects.bulk_create(
            Listener(
                project_id=self._project.id,
                pattern=type_,
                source=ListenerSource.TRIGGER,
                ref=trigger.id,
            )
            for type_, trigger in zip(types, triggers, strict=True)
        )
