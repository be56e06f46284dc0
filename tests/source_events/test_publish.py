"""``POST source-events``: custom events, once by key, within limits."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from apps.identity.models import Project
from apps.kernel import clock
from apps.source_events.models import ListenerSource, SourceEvent
from apps.source_events.requests import BYTES_MAX
from apps.source_events.services.append import Appended, Fact, append_facts
from apps.source_events.services.listeners import NewListener, add_listeners
from apps.source_events.services.publish import NewEvent, publish_events
from tests.support.api import Api
from tests.support.drive import dispatch_all
from tests.support.factories import make_project
from tests.support.specs import ONE_STEP
from tests.support.waiting import wait_until

TYPE = "custom.payment.received"


def publish(api: Api, **body: Any) -> Any:
    return api.post("source-events", {"event_type": TYPE, **body})


@pytest.mark.django_db
class TestPublishing:
    def test_an_event_is_accepted_and_stored_as_the_envelope(self, api: Api) -> None:
        answer = publish(
            api,
            source_kind="shop",
            source_id="order_17",
            event={"amount": 12.5, "name": "ünïcode"},
            meta={"currency": "EUR"},
        )

        assert answer.status_code == 202
        body = answer.json()
        assert body.keys() == {"source_event_id", "status", "deduped"}
        assert (body["status"], body["deduped"]) == ("accepted", False)
        shown = api.get(f"source-events/{body['source_event_id']}").json()
        assert shown.pop("created_at").endswith("Z")
        assert shown == {
            "id": body["source_event_id"],
            "event_type": TYPE,
            "source_kind": "shop",
            "source_id": "order_17",
            "event": {"amount": 12.5, "name": "ünïcode"},
            "meta": {"event_type": TYPE, "currency": "EUR"},
        }

    def test_only_the_type_is_needed(self, api: Api) -> None:
        id_ = publish(api).json()["source_event_id"]

        event = SourceEvent.objects.get(id=id_)
        assert (event.source_kind, event.source_id) == ("custom", "")
        assert (event.event, event.meta) == ({}, {"event_type": TYPE})

    def test_it_is_dispatched_when_somebody_listens(
        self, api: Api, project: Project
    ) -> None:
        publish(api)
        assert dispatch_all() == 0
        add_listeners(
            [NewListener(project.id, "custom.*", ListenerSource.TRIGGER, "trg_1")]
        )
        publish(api)
        assert dispatch_all() == 1

    def test_the_second_with_a_key_gets_the_first(
        self, api: Api, stranger: Api
    ) -> None:
        first = publish(api, dedup_key="k", event={"amount": 1}).json()
        again = publish(api, dedup_key="k", event={"amount": 2})

        assert again.status_code == 202
        assert again.json() == {**first, "deduped": True}
        assert publish(api, dedup_key="other").json()["deduped"] is False
        assert publish(stranger, dedup_key="k").json()["deduped"] is False
        assert SourceEvent.objects.get(id=first["source_event_id"]).event == {
            "amount": 1
        }

    def test_a_repeated_request_is_answered_as_the_first_time(self, api: Api) -> None:
        key = {"Idempotency-Key": "once"}
        body = {"event_type": TYPE, "event": {"amount": 1}}
        first = api.post("source-events", body, **key)
        again = api.post("source-events", body, **key)
        other = api.post("source-events", {"event_type": "custom.other"}, **key)

        assert (again.status_code, again.json()) == (202, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert other.status_code == 409
        assert SourceEvent.objects.filter(public=True).count() == 1

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("event_type", {"event_type": None}),
            ("event_type", {"event_type": 7}),
            ("event_type", {"event_type": ""}),
            ("event_type", {"event_type": "payment.received"}),
            ("event_type", {"event_type": "run.completed"}),
            ("event_type", {"event_type": "signal.go"}),
            ("event_type", {"event_type": "github.push"}),
            ("event_type", {"event_type": "custom"}),
            ("event_type", {"event_type": "custom."}),
            ("event_type", {"event_type": "custom.*"}),
            ("event_type", {"event_type": "custom.Paid"}),
            ("event_type", {"event_type": "custom..paid"}),
            ("event_type", {"event_type": "custom." + "a" * 122}),
            ("source_kind", {"source_kind": "Not A Kind"}),
            ("source_kind", {"source_kind": "k" * 33}),
            ("source_id", {"source_id": "s" * 129}),
            ("source_id", {"source_id": "a\x00b"}),
            ("event", {"event": [1]}),
            ("event", {"event": {"a": "\x00"}}),
            ("meta", {"meta": "text"}),
            ("meta", {"meta": {"\x00": 1}}),
            ("meta.event_type", {"meta": {"event_type": "run.completed"}}),
            ("dedup_key", {"dedup_key": ""}),
            ("dedup_key", {"dedup_key": "k" * 256}),
            ("run_id", {"run_id": "run_01"}),
            ("run_id", {"run_id": ""}),
            ("run_id", {"run_id": 7}),
            ("depth", {"depth": 3}),
        ],
    )
    def test_what_is_wrong_is_named(
        self, api: Api, path: str, body: dict[str, Any]
    ) -> None:
        answer = publish(api, **body)

        assert answer.status_code == 400
        fields = answer.json()["error"]["details"]["fields"]
        assert [field["path"] for field in fields] == [path]
        assert not SourceEvent.objects.filter(public=True).exists()

    def test_an_event_may_name_the_run_it_is_published_for(self, api: Api) -> None:
        run_id = api.post("runs", {"spec": ONE_STEP}).json()["id"]

        id_ = publish(api, run_id=run_id).json()["source_event_id"]

        event = SourceEvent.objects.get(id=id_)
        assert (event.run_id, event.depth) == (run_id, 1)
        assert api.get(f"source-events/{id_}").json()["run_id"] == run_id
        listed = api.get(f"source-events?run_id={run_id}").json()["items"]
        assert [item["id"] for item in listed] == [id_]

    def test_a_run_of_another_project_does_not_exist(
        self, api: Api, stranger: Api
    ) -> None:
        run_id = stranger.post("runs", {"spec": ONE_STEP}).json()["id"]

        answer = publish(api, run_id=run_id)

        assert answer.status_code == 400
        message = f"there is no run {run_id} in this project"
        fields = answer.json()["error"]["details"]["fields"]
        assert fields == [{"path": "run_id", "message": message}]

    def test_the_longest_key_and_type_are_taken(self, api: Api) -> None:
        long_type = "custom." + "a" * 121
        answer = publish(api, event_type=long_type, dedup_key="k" * 255)
        assert answer.status_code == 202

    def test_event_and_meta_have_a_limit_together(self, api: Api) -> None:
        around = len('{"a":""}') + len('{"b":1}')
        fits = {"a": "x" * (BYTES_MAX - around)}
        more = {"a": "x" * (BYTES_MAX - around + 1)}

        assert publish(api, event=fits, meta={"b": 1}).status_code == 202
        refused = publish(api, event=more, meta={"b": 1})
        assert refused.status_code == 413
        details = refused.json()["error"]["details"]
        assert details == {"limit": BYTES_MAX, "size": BYTES_MAX + 1}

    @pytest.mark.parametrize(
        ("role", "status"),
        [
            *((role, 202) for role in ("Owner", "Admin", "Editor", "Operator")),
            ("Worker", 202),
            ("Viewer", 403),
        ],
    )
    def test_these_roles_may_publish(
        self, api_as: Callable[[str], Api], role: str, status: int
    ) -> None:
        assert publish(api_as(role)).status_code == status

    def test_a_stranger_finds_no_project(self, project: Project, stranger: Api) -> None:
        answer = stranger.post(
            f"/v1/projects/{project.handle}/source-events", {"event_type": TYPE}
        )
        assert answer.status_code == 404


THREADS = 8


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_with_one_key_at_once_one_is_appended_and_all_name_it() -> None:
    acme = make_project("acme")
    barrier = Barrier(THREADS)

    def race(number: int) -> list[Appended]:
        try:
            found = []
            for key in range(20):
                barrier.wait(timeout=30)
                new = NewEvent(TYPE, source_id=str(number), dedup_key=f"k{key}")
                found += publish_events(acme.id, [new], now=clock.now())
            return found
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(race, range(THREADS)))

    assert SourceEvent.objects.count() == 20
    for answers in zip(*results, strict=True):
        assert len({id_ for id_, _ in answers}) == 1
        assert [deduped for _, deduped in answers].count(False) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_batches_that_share_keys_in_other_orders_do_not_wait_in_a_circle() -> None:
    acme = make_project("acme")
    barrier = Barrier(THREADS)

    def race(number: int) -> None:
        try:
            for turn in range(20):
                keys = [f"{turn}-{key}" for key in range(30)]
                Random(number).shuffle(keys)
                barrier.wait(timeout=30)
                facts = [Fact(acme.id, TYPE, "custom", dedup_key=key) for key in keys]
                append_facts(facts, now=clock.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(race, range(THREADS)))

    assert SourceEvent.objects.count() == 20 * 30


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_key_whose_first_transaction_fails_is_free_again() -> None:
    acme = make_project("acme")
    new = NewEvent(TYPE, dedup_key="k")
    barrier = Barrier(2)

    def wait_and_publish() -> Appended:
        try:
            barrier.wait(timeout=30)
            return publish_events(acme.id, [new], now=clock.now())[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            (lost,) = publish_events(acme.id, [new], now=clock.now())
            second = pool.submit(wait_and_publish)
            barrier.wait(timeout=30)
            wait_until(is_waiting_for_a_lock)
            transaction.set_rollback(True)
        kept = second.result(timeout=30)

    assert not kept.deduped
    assert kept.id != lost.id
    assert SourceEvent.objects.get().id == kept.id


def is_waiting_for_a_lock() -> bool:
    """Whether somebody waits for another's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])
