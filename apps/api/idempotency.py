"""Idempotency-Key: the same key and the same request act once and answer the same."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction
from rest_framework.response import Response

from apps.api.body import invalid_field
from apps.api.rendering import to_json
from apps.kernel.errors import Conflict

KEY_LENGTH_MAX = 255
LIFETIME = timedelta(hours=24)

_RESERVE = """
INSERT INTO api_idempotencyrecord
    (project_id, key, operation, fingerprint, status, body, created_at)
VALUES (%s, %s, %s, %s, 0, NULL, %s)
ON CONFLICT (project_id, key) DO UPDATE
    SET operation = excluded.operation, fingerprint = excluded.fingerprint,
        status = 0, body = NULL, created_at = excluded.created_at
    WHERE api_idempotencyrecord.created_at < %s
RETURNING id
"""


def act_once(
    headers: Mapping[str, str],
    *,
    project_id: str,
    operation: str,
    request: object,
    now: datetime,
    act: Callable[[], tuple[int, dict[str, Any]]],
) -> Response:
    """Run ``act``, or replay what it answered the first time.

    ``act`` returns (status, body) and is a transaction by itself; without the header
    it simply runs, with it the record is part of that transaction. Two requests
    with one key at the same moment: the second waits for the first and replays it.
    A request that fails leaves no record, so it can be sent again.

    Raises:
        Invalid: the key is empty or longer than 255 characters.
        Conflict: the key was used for another request within 24 hours.
    """
    key = headers.get("Idempotency-Key")
    if key is None:
        status, body = act()
        return Response(body, status=status)
    if not 1 <= len(key) <= KEY_LENGTH_MAX or "\x00" in key:
        raise invalid_field("Idempotency-Key", "expected 1 to 255 characters")
    fingerprint = _fingerprint(operation, request)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _RESERVE,
            [project_id, key, operation, fingerprint, now, now - LIFETIME],
        )
        if cursor.fetchone() is None:
            return _replay(cursor, project_id, key, fingerprint)
        status, body = act()
        cursor.execute(
            "UPDATE api_idempotencyrecord SET status = %s, body = %s::jsonb"
            " WHERE project_id = %s AND key = %s",
            [status, to_json(body).decode(), project_id, key],
        )
    return Response(body, status=status)


def _fingerprint(operation: str, request: object) -> str:
    """Return a hash of the request's meaning: the order of fields is none of it."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    plain = orjson.dumps([operation, request], option=options)
    return hashlib.sha256(plain).hexdigest()


def _replay(cursor: Any, project_id: str, key: str, fingerprint: str) -> Response:
    cursor.execute(
        "SELECT fingerprint, status, body::text FROM api_idempotencyrecord"
        " WHERE project_id = %s AND key = %s",
        [project_id, key],
    )
    stored, status, body = cursor.fetchone()
    if stored != fingerprint:
        raise Conflict(
            "this Idempotency-Key was used for another request",
            code="idempotency_key_conflict",
            header="Idempotency-Key",
        )
    return Response(
        orjson.loads(body), status=status, headers={"Idempotency-Replayed": "true"}
    )
