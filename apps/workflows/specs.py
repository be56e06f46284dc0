"""Specs: checked once, stored once per content, parsed once per process."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Any

from django.db import connection

from apps.actions.names import SERVER_ACTIONS
from apps.api.rendering import to_json
from apps.engine import SpecErrors, parse_linear, parse_spec
from apps.engine.spec import Spec as ParsedSpec
from apps.kernel.errors import Invalid, over_limit
from apps.source_events.catalog import check_wait_type
from apps.workflows.models import Spec

PARSED_MAX = 2000
SPEC_BYTES_MAX = 512 * 1024

#: Whoever is about to use a spec takes back that it was condemned; one that is being
#: deleted at this moment is waited for and stored again. Where it is simply there,
#: nothing is written or locked.
_ADMIT = """
WITH pardoned AS (
    UPDATE workflows_spec SET condemned_at = NULL
    WHERE digest = %(digest)s AND condemned_at IS NOT NULL
)
INSERT INTO workflows_spec (digest, body, created_at)
VALUES (%(digest)s, %(body)s::jsonb, %(now)s)
ON CONFLICT (digest) DO NOTHING
"""

_parsed: OrderedDict[str, ParsedSpec] = OrderedDict()
_lock = Lock()


def check_spec(authored: object) -> ParsedSpec:
    """Return the parsed spec, of any dialect.

    Raises:
        Invalid: ``details["fields"]`` lists every problem with its path below
            ``spec``.
    """
    parse = partial(parse_spec, authored, server_actions=SERVER_ACTIONS)
    return _check(parse, "spec")


def check_linear(authored: object, *, prefix: str) -> ParsedSpec:
    """Return the parsed spec of an automation or loop.

    Raises:
        Invalid: as ``check_spec``, with paths below ``prefix``, which may be "".
    """
    parse = partial(parse_linear, authored, server_actions=SERVER_ACTIONS)
    return _check(parse, prefix)


def _check(parse: Callable[..., ParsedSpec], prefix: str) -> ParsedSpec:
    try:
        return parse(event_type_problem=check_wait_type)
    except SpecErrors as errors:
        fields = [
            {
                "path": ".".join(part for part in (prefix, p.path) if part),
                "message": p.message,
            }
            for p in errors.problems
        ]
        more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
        raise Invalid(
            f"{fields[0]['path']}: {fields[0]['message']}{more}",
            code="invalid_spec",
            path=fields[0]["path"],
            fields=fields,
        ) from None


def digest_of(authored: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the spec's canonical JSON."""
    canonical = to_json(authored, sort_keys=True)
    if len(canonical) > SPEC_BYTES_MAX:
        size = len(canonical)
        said = over_limit("spec", size, SPEC_BYTES_MAX)
        raise Invalid(said, path="spec", limit=SPEC_BYTES_MAX, size=size)
    return hashlib.sha256(canonical).hexdigest()


def admit_spec(authored: object, *, now: datetime) -> tuple[str, ParsedSpec]:
    """Check a spec and make sure it is stored; return its digest and its parse.

    Raises:
        Invalid: as ``check_spec``.
    """
    return _admit(authored, check_spec, now)


def admit_linear(
    authored: object, *, prefix: str, now: datetime
) -> tuple[str, ParsedSpec]:
    """Do the same for the spec of an automation or loop.

    Raises:
        Invalid: as ``check_linear``.
    """
    return _admit(authored, partial(check_linear, prefix=prefix), now)


def _admit(
    authored: object, check: Callable[[object], ParsedSpec], now: datetime
) -> tuple[str, ParsedSpec]:
    if not isinstance(authored, Mapping):
        raise Invalid("spec: expected an object", path="spec")
    digest = digest_of(authored)
    parsed = _recall(digest)
    if parsed is None:
        parsed = check(authored)
        _remember(digest, parsed)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADMIT, {"digest": digest, "body": to_json(authored).decode(), "now": now}
        )
    return digest, parsed


def parsed_spec(digest: str) -> ParsedSpec:
    """Return the parse of a stored spec, from memory when it was seen before."""
    parsed = _recall(digest)
    if parsed is None:
        body = Spec.objects.values_list("body", flat=True).get(pk=digest)
        parsed = parse_spec(
            body, server_actions=SERVER_ACTIONS, event_type_problem=check_wait_type
        )
        _remember(digest, parsed)
    return parsed


def _recall(digest: str) -> ParsedSpec | None:
    with _lock:
        parsed = _parsed.get(digest)
        if parsed is not None:
            _parsed.move_to_end(digest)
        return parsed


def _remember(digest: str, parsed: ParsedSpec) -> None:
    with _lock:
        _parsed[digest] = parsed
        while len(_parsed) > PARSED_MAX:
            _parsed.popitem(last=False)
