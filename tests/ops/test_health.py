"""What health says of each dependency, and whether that takes a server out."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.realtime import pulses
from apps.realtime.connections import client
from apps.realtime.pulses import Role, give_pulse
from tests.support.valkey import own_valkey

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has given a sign of life yet, in this process or to Redis."""
    monkeypatch.setattr(pulses, "_given", {})
    client().delete(*(pulses._key(role) for role in Role))


def ask(path: str) -> tuple[int, str, dict[str, Any]]:
    """Status, word and the checks by name."""
    answer = Client().get(path)
    body = answer.json()
    return answer.status_code, body["status"], {c["name"]: c for c in body["checks"]}


def test_a_system_whose_parts_all_live_is_ready() -> None:
    give_pulse(Role.BEAT)
    give_pulse(Role.WORKER)

    status, word, checks = ask("/readyz")

    assert (status, word) == (200, "ready")
    assert checks["celery"]["ok"] is True
    assert checks["celery"]["beat_silent_seconds"] < 5
    assert ask("/readyz?strict")[0] == 200


@pytest.mark.parametrize(
    ("lives", "named"), [(Role.BEAT, "worker"), (Role.WORKER, "beat")]
)
def test_a_part_of_celery_that_never_spoke_is_named(lives: Role, named: str) -> None:
    give_pulse(lives)

    status, word, checks = ask("/readyz")

    assert (status, word) == (200, "degraded")
    assert checks["celery"]["error"] == f"{named}: no sign of life"
    assert ask("/readyz?strict")[0] == 503


def test_a_part_that_fell_silent_is_named_before_anything_is_late() -> None:
    give_pulse(Role.BEAT)
    give_pulse(Role.WORKER)
    left = pulses.FORGOTTEN_AFTER_SECONDS - 30
    client().expire(pulses._key(Role.BEAT), left)

    _, word, checks = ask("/healthz")

    assert word == "degraded"
    assert checks["dispatcher"]["lag_seconds"] == 0
    assert checks["celery"]["error"] == "beat: last sign of life 30 s ago"


def test_without_redis_nobody_knows_and_requests_are_served(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_valkey(settings, monkeypatch) as valkey:
        valkey.kill()
        status, word, checks = ask("/readyz")

    assert (status, word) == (200, "degraded")
    assert checks["redis"]["ok"] is False
    assert "redis does not answer" in checks["celery"]["error"]
