"""Looking for values everywhere something is kept."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import redis
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse

#: Rows of each model whose page is opened.
PAGES_MAX = 4


def written_ways(value: str) -> set[str]:
    """A value in the clear, as JSON, in base64 and in hex; of a key in base64 the same
    of its bytes."""
    ways = {value, json.dumps(value)[1:-1]}
    raws = [value.encode()]
    if value.endswith("="):
        raws.append(base64.b64decode(value))
    for raw in raws:
        ways |= {raw.hex(), base64.b64encode(raw).decode().rstrip("=")}
        ways.add(base64.urlsafe_b64encode(raw).decode().rstrip("="))
    return ways


class Seen:
    """Texts by where they were seen."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []

    def add(self, place: str, text: str) -> None:
        """Remember a text."""
        self.texts.append((place, text))

    def places_of(self, value: str) -> list[str]:
        """Where a value is, written in any way."""
        ways = written_ways(value)
        # In bytes that PostgreSQL shows in hex a written value is in hex as well.
        ways |= {way.encode().hex() for way in ways}
        return sorted(
            {place for place, text in self.texts if any(way in text for way in ways)}
        )


def look_into_tables(seen: Seen) -> set[str]:
    """Every column of every row of every table; returns the tables that had rows."""
    filled = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" AS t')
            for (row,) in cursor.fetchall():
                filled.add(table)
                for column, value in json.loads(row).items():
                    for text in _texts(value):
                        seen.add(f"table {table}.{column}", text)
    return filled


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value)


def look_into_redis(seen: Seen) -> None:
    """Every key of Redis and what it holds."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter("*"):
            seen.add("redis keys", key.decode(errors="replace"))
            dumped = {
                b"string": lambda k: [client.get(k)],
                b"list": lambda k: client.lrange(k, 0, -1),
                b"set": client.smembers,
                b"zset": lambda k: client.zrange(k, 0, -1),
                b"hash": lambda k: [
                    x for pair in client.hgetall(k).items() for x in pair
                ],
            }[client.type(key)](key)
            for one in dumped:
                if one is not None:
                    seen.add(f"redis {key.decode()}", one.decode(errors="replace"))


def look_at_pages(seen: Seen) -> int:
    """The admin's lists, and the pages of some rows; returns how many were opened."""
    chief = Client()
    chief.force_login(User.objects.create_superuser("chief", "", "of-the-house"))
    opened = 0
    for url in _pages():
        answer = chief.get(url)
        if answer.status_code == 200:
            opened += 1
            seen.add(f"page {url}", answer.content.decode())
    return opened


def _pages() -> Iterator[str]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        rows = model._default_manager.order_by("-pk").values_list("pk", flat=True)
        for key in rows[:PAGES_MAX]:
            yield reverse(f"{name}_change", args=[key])


def see_answers(seen: Seen, answers: Iterable[Any]) -> None:
    """Bodies and headers of answers."""
    for answer in answers:
        request = getattr(answer, "request", {})
        place = f"answer {request.get('REQUEST_METHOD')} {request.get('PATH_INFO')}"
        seen.add(place, answer.content.decode())
        seen.add(place, str(answer.headers))
