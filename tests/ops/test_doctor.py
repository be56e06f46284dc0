"""The doctor: every complaint is made true, and says what to do."""

import json
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from apps.deliveries.models import Delivery, DeliveryKind, DeliveryStatus
from apps.identity.models import ApiKey, Project
from apps.jobs.models import Worker
from apps.jobs.presence import show_worker
from apps.kernel import clock
from apps.kernel.ids import IdKind, new_id
from apps.ops.doctor import of_postgres, of_server, of_system
from apps.ops.doctor.findings import Level
from apps.ops.services.examine import examine
from apps.realtime import pulses
from apps.realtime.connections import client
from apps.realtime.pulses import Role, give_pulse
from apps.source_events.models import SourceEvent
from tests.diagnosis.asking import start
from tests.support.api import Api
from tests.support.factories import make_key, make_principal
from tests.support.specs import action
from tests.support.valkey import own_valkey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def healthy(db: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server about which there is nothing to say. The PostgreSQL of tests is made to
    be thrown away, so its settings are not what they should be."""
    monkeypatch.setattr(of_postgres, "SETTINGS", {})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")
    settings.SECRETS_KEYS = ["x"]
    monkeypatch.setattr(pulses, "_given", {})
    give_pulse(Role.BEAT)
    give_pulse(Role.WORKER)
    monkeypatch.setattr(of_server, "DISK_FREE_MIN", 0.0)
    monkeypatch.setattr(of_server, "DISK_FREE_WANTED", 0.0)


def found(level: Level, part: str) -> list[str]:
    """What is said of a part, with the advice."""
    return [
        f"{one.message} -> {one.advice}"
        for one in examine(now=clock.now())
        if (one.level, one.part) == (level, part)
    ]


def one_of(level: Level, part: str) -> str:
    (said,) = found(level, part)
    return said


def run(*options: str) -> str:
    out = StringIO()
    call_command("doctor", *options, stdout=out)
    return out.getvalue()


def test_a_healthy_server_has_no_problem() -> None:
    assert [one for one in examine(now=clock.now()) if one.level is Level.PROBLEM] == []

    assert "problem " not in run()
    assert json.loads(run("--json"))["ok"] is True


def test_a_problem_ends_the_command_with_1_and_says_what_to_do() -> None:
    client().delete(pulses._key(Role.BEAT))

    with pytest.raises(CommandError) as ended:
        run()

    assert ended.value.returncode == 1
    said = one_of(Level.PROBLEM, "celery")
    assert said == (
        "beat: no sign of life -> start it: entrypoint.sh beat; look at its log"
    )


def test_json_tells_the_same() -> None:
    client().delete(pulses._key(Role.WORKER))
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("doctor", "--json", stdout=out)

    body = json.loads(out.getvalue())
    assert body["ok"] is False
    (problem,) = [one for one in body["findings"] if one["level"] == "problem"]
    assert set(problem) == {"part", "level", "message", "advice"}


def test_settings_that_contradict_each_other_are_told(settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://mobius.example.com"
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SECRETS_KEYS = []

    assert "add mobius.example.com to" in one_of(Level.PROBLEM, "configuration")
    warned = " ".join(found(Level.WARNING, "configuration"))
    assert "MOBIUS_SECURE_COOKIES=true" in warned
    assert "MOBIUS_SECRETS_KEYS" in warned

    settings.PUBLIC_URL = "http://mobius.example.com"
    assert "unencrypted" in " ".join(found(Level.WARNING, "configuration"))


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_server, "DISK_FREE_MIN", 1.1)

    assert "make room" in found(Level.PROBLEM, "disk")[0]


def test_missing_migrations_are_named() -> None:
    MigrationRecorder(connection).record_unapplied("runs", "0008_traceparent")

    said = one_of(Level.PROBLEM, "migrations")

    assert said.startswith("1 migrations are missing: runs.0008_traceparent")


def test_a_server_that_is_too_old_or_too_full_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_postgres, "VERSION_MIN", 990_000)
    monkeypatch.setattr(of_postgres, "CONNECTIONS_PART_MAX", 0.0)
    monkeypatch.setattr(of_postgres, "XID_AGE_MAX", -1)

    said = " ".join(found(Level.PROBLEM, "postgresql"))

    assert "too old" in said
    assert "raise max_connections" in said
    assert "VACUUM FREEZE" in said


def test_a_setting_that_breaks_a_promise_is_told_with_the_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = {"wal_level": ("nothing", "what was answered may be lost")}
    monkeypatch.setattr(of_postgres, "SETTINGS", broken)

    # The server is not this test's alone: others may keep a transaction open for long.
    said = " ".join(found(Level.PROBLEM, "postgresql"))

    assert "what was answered may be lost -> set wal_level = nothing" in said


def test_a_commit_that_does_not_wait_for_the_disk_is_a_problem() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")

    said = " ".join(found(Level.PROBLEM, "postgresql"))

    assert "set synchronous_commit = on" in said


def test_an_old_transaction_is_told_with_its_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_postgres, "TRANSACTION_SECONDS_MAX", 0)
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    where = {name: parameters[name] for name in names if parameters.get(name)}
    with psycopg.connect(**where) as other:
        other.execute("SELECT 1")
        said = " ".join(found(Level.PROBLEM, "postgresql"))
        pid = other.info.backend_pid

    assert f"pg_terminate_backend({pid})" in said


def test_a_replication_slot_that_nobody_reads_is_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_create_physical_replication_slot('lost', true)")
    try:
        said = " ".join(found(Level.PROBLEM, "postgresql"))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_drop_replication_slot('lost')")

    assert "slot lost is not read" in said


def test_a_table_full_of_dead_rows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_postgres, "DEAD_ROWS_MIN", 0)
    monkeypatch.setattr(of_postgres, "DEAD_PART_MAX", -1.0)

    said = found(Level.WARNING, "postgresql")

    assert any("-> VACUUM " in one for one in said)


def test_without_redis_the_rest_is_looked_at(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_valkey(settings, monkeypatch) as valkey:
        valkey.kill()
        assert "cannot be looked at" in one_of(Level.PROBLEM, "redis")
        assert found(Level.OK, "migrations")


def test_a_redis_that_is_full_and_throws_keys_away_is_told(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_valkey(settings, monkeypatch):
        redis = client()
        redis.config_set("maxmemory", redis.info("memory")["used_memory"] + 4000)
        redis.config_set("maxmemory-policy", "allkeys-lru")
        problems = found(Level.PROBLEM, "redis")
        warnings = found(Level.WARNING, "redis")

    assert "of its memory is used" in problems[0]
    assert "allkeys-lru" in warnings[0]


def test_clocks_that_are_apart_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_system, "CLOCK_SECONDS_MAX", -1.0)

    postgres, redis = found(Level.PROBLEM, "clocks")

    assert ("PostgreSQL" in postgres, "Redis" in redis) == (True, True)


def test_an_outbox_that_is_behind_and_events_that_fail_are_told(
    project: Project,
) -> None:
    past = clock.now() - timedelta(minutes=5)
    SourceEvent.objects.create(
        project_id=project.id,
        event_type="run.resume",
        source_kind="run",
        created_at=past,
        due_at=past,
        failures=7,
        last_error="ValueError: no such handler",
    )

    late, failing = found(Level.PROBLEM, "outbox")

    assert "waits for 300" in late
    assert failing.startswith("1 run.resume fail, up to 7 times: ValueError")


def test_silent_workers_and_jobs_that_nobody_takes_are_told(
    api: Api, project: Project
) -> None:
    long_ago = clock.now() - timedelta(minutes=10)
    show_worker(project.id, "gone", now=long_ago)
    show_worker(project.id, "other", queues=["cpu"], now=clock.now())
    start(api, action("a"), queue="gpu")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_job SET available_at = %s", [long_ago])

    assert "two minutes: gone" in one_of(Level.WARNING, "workers")
    assert "1 jobs do.a on queue gpu" in one_of(Level.PROBLEM, "workers")

    Worker.objects.update(queues=[], last_seen_at=clock.now())
    assert found(Level.PROBLEM, "workers") == []


def test_receivers_that_were_given_up_are_told(project: Project) -> None:
    now = clock.now()
    Delivery.objects.create(
        id=new_id(IdKind.DELIVERY),
        project_id=project.id,
        kind=DeliveryKind.HTTP,
        purpose="interaction.callback",
        status=DeliveryStatus.FAILED,
        last_error="404 Not Found",
        next_attempt_at=now,
        created_at=now,
        updated_at=now,
    )

    assert "given up: 404 Not Found" in one_of(Level.WARNING, "deliveries")


def test_keys_that_expire_soon_are_named(project: Project) -> None:
    now = clock.now()
    principal = make_principal(project, name="builder")
    make_key(principal, expires_at=now + timedelta(days=3))
    make_key(principal, expires_at=now + timedelta(days=60))
    make_key(principal, expires_at=now - timedelta(days=1))

    said = one_of(Level.WARNING, "keys")

    assert "of builder in acme expires" in said
    assert "keys issue --principal builder" in said
    ApiKey.objects.update(revoked_at=now)
    assert found(Level.WARNING, "keys") == []
