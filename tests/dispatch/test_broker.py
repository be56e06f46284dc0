"""The worker's and beat's way to the broker."""

import pytest
from kombu.exceptions import OperationalError

from mobius.celery import RECONNECT_SECONDS, app
from mobius.local.valkey import free_port

TRIES = 20


def test_a_broker_that_is_away_for_long_is_asked_as_often_as_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kombu.utils.functional.sleep", lambda seconds: None)
    waits: list[float] = []
    connection = app.connection_for_read(url=f"redis://127.0.0.1:{free_port()}/0")

    with pytest.raises(OperationalError):
        connection.ensure_connection(
            lambda error, interval: waits.append(interval), max_retries=TRIES
        )

    assert waits == [RECONNECT_SECONDS] * TRIES
