"""The first page of the reference: manners of the API, and its tables, made from the
code that they are about."""

from collections.abc import Iterable
from typing import Final

from apps.identity.permissions import BUILT_IN_ROLES, Permission
from apps.kernel.ids import IdKind
from apps.run_events.vocabulary import LINES
from apps.source_events.catalog import TYPES

_MANNERS: Final = """\
Every endpoint is under `/v1`. Requests and answers are JSON, event streams are
server-sent events.

**Authentication.** Every request carries `Authorization: Bearer mbx_…`, or the key in
`X-API-Key`. Keys are bound to a principal of one project; what it may do comes from the
principal's roles, which a role of the key can cap. Keys of an organization have one
role, in all of its projects. Addresses that providers and webhooks call need no key.

**Project scope.** Most endpoints name the project, by its handle or its id:
`/v1/projects/{project}/…`. What belongs to another project does not exist: 404.

**Fields.** Requests are read strictly: unknown fields are refused, and every problem
is told at once. In requests null is the same as leaving a field out, unless a field
says otherwise. In answers what has no value is left out.

**Pagination.** Lists answer `{items, has_more, next_cursor}`; pass `next_cursor` as
`cursor` to get the next page. Cursors are opaque.

**Errors.** Whatever is refused has the body `{code, message, details, error}`, where
`error` repeats the three for clients of later generations. Each endpoint lists its
codes. Two are not listed anywhere: 405 `method_not_allowed`, for a method that a path
does not have, and 500 `internal_error`, which is a defect of the server.

**Timestamps** are RFC 3339 in UTC. **Durations** are such as `30s`, `15m`, `24h` or
`7d`.

**Idempotency.** Endpoints that take an `Idempotency-Key` act once for each key and
answer a repetition as they did the first time, with `Idempotency-Replayed: true`.

**Rate limits** count requests of a minute, per key and per organization; every answer
says where the caller stands.
"""


def introduction() -> str:
    """Return the text, in Markdown."""
    return "\n".join(
        [
            _MANNERS,
            "## Ids",
            "",
            *_table(("Prefix", "Of"), _ids()),
            "",
            "## Permissions",
            "",
            *_table(("Permission", "Roles that hold it"), _permissions()),
            "",
            "## Source events",
            "",
            "What triggers and `wait_for_event` steps can match.",
            "",
            *_table(
                ("Event", "Triggerable", "Waitable", "Sent when", "Meta"), _facts()
            ),
            "",
            "## Run-stream events",
            "",
            "Lines of a run's timeline, and what their payloads always hold.",
            "",
            *_table(("Event", "Sent when", "Payload"), _lines()),
        ]
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    head = tuple(head)
    every = [head, ("---",) * len(head), *rows]
    return [f"| {' | '.join(row)} |" for row in every]


def _ids() -> list[tuple[str, str]]:
    return [
        (f"`{kind.value}_`", kind.name.lower().replace("_", " ")) for kind in IdKind
    ]


def _permissions() -> list[tuple[str, str]]:
    return [
        (
            f"`{permission.value}`",
            ", ".join(
                name for name, (_, held) in BUILT_IN_ROLES.items() if permission in held
            ),
        )
        for permission in Permission
    ]


def _facts() -> list[tuple[str, ...]]:
    return [
        (
            f"`{entry.name}`",
            "yes" if entry.triggerable else "no",
            "yes" if entry.waitable else "no",
            entry.when or entry.description,
            ", ".join(f"`{name}`" for name in entry.meta_fields),
        )
        for entry in TYPES
        if entry.public
    ]


def _lines() -> list[tuple[str, str, str]]:
    return [
        (f"`{name}`", line.when, ", ".join(f"`{each}`" for each in line.fields))
        for name, line in LINES.items()
    ]
