"""Every test process has servers of its own."""

import os
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from mobius.local.pytest_servers import redis_url_of_worker


@pytest.mark.parametrize(
    ("worker", "number"), [("gw0", "1"), ("gw1", "2"), ("gw14", "15"), ("gw15", "1")]
)
def test_each_worker_has_a_redis_database_of_its_own(worker: str, number: str) -> None:
    url = redis_url_of_worker("redis://:secret@127.0.0.1:6379/0", worker)

    assert url == f"redis://:secret@127.0.0.1:6379/{number}"


def test_both_servers_answer_in_this_very_process() -> None:
    url = os.environ["MOBIUS_REDIS_URL"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")

    with redis.Redis.from_url(url) as client:
        assert client.ping()
    with psycopg.connect(os.environ["MOBIUS_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    if worker:
        assert urlsplit(url).path == urlsplit(redis_url_of_worker(url, worker)).path
