"""Reading the ``triggers`` block of a definition: what starts its runs.

An entry is ``{key?, name?, kind, enabled?, config?, concurrency_policy?,
max_concurrent_runs?}``. Its key tells it from the others when the block changes:
without one it is made of the name, or of the kind and its number among that kind.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from apps.api.body import Body
from apps.identity.handles import derive_handle
from apps.kernel.errors import Invalid
from apps.triggers.configs import (
    CONCURRENT_RUNS_MAX,
    HANDLE_PATTERN,
    NAME_CHARS_MAX,
    read_source_config,
)
from apps.triggers.models import ConcurrencyPolicy, TriggerKind
from apps.triggers.requests import read_kind
from apps.triggers.services.reconcile import AuthoredTrigger

TRIGGERS_MAX: Final = 50
KINDS: Final = ("http", *TriggerKind.values)
#: What definitions call the policies.
POLICIES: Final[Mapping[str, ConcurrencyPolicy]] = {
    "allow": ConcurrencyPolicy.ALLOW,
    "queue": ConcurrencyPolicy.QUEUE,
    "skip": ConcurrencyPolicy.FORBID,
    "replace": ConcurrencyPolicy.REPLACE,
}
#: The word of definitions for a policy of a trigger.
POLICY_WORDS: Final = {policy: word for word, policy in POLICIES.items()}


def read_block(outer: Body, concurrency: object) -> list[AuthoredTrigger]:
    """Return the entries of ``triggers``; problems are noted in ``outer``.

    ``concurrency`` is the definition's own policy, which they have by default.
    """
    default = POLICIES.get(str(concurrency), ConcurrencyPolicy.ALLOW)
    sent = outer.listing("triggers", default=None, max_items=TRIGGERS_MAX) or []
    numbers: Counter[str] = Counter()
    found = [
        _entry(outer, f"triggers[{index}]", each, default, numbers)
        for index, each in enumerate(sent)
    ]
    entries = [entry for entry in found if entry is not None]
    _check_distinct(outer, entries)
    return entries


def _entry(
    outer: Body,
    field: str,
    sent: object,
    default: ConcurrencyPolicy,
    numbers: Counter[str],
) -> AuthoredTrigger | None:
    if not isinstance(sent, Mapping):
        outer.problem(field, "expected an object")
        return None
    body = Body(sent, outer.path_of(field))
    kind = read_kind(body.text("kind", choices=KINDS))
    name = body.text("name", default="", max_length=NAME_CHARS_MAX)
    key = body.text("key", default="", max_length=NAME_CHARS_MAX)
    numbers[kind] += 1
    config, handle = _config(kind, body)
    policy = body.text("concurrency_policy", default="", choices=list(POLICIES))
    key = key or _slug(name) or f"{kind}-{numbers[kind]}"
    entry = AuthoredTrigger(
        path=outer.path_of(field),
        key=key,
        name=name or key,
        kind=kind,
        source_config=config,
        handle=handle,
        concurrency_policy=POLICIES.get(policy, default),
        max_concurrent_runs=body.integer(
            "max_concurrent_runs", default=1, minimum=1, maximum=CONCURRENT_RUNS_MAX
        ),
        enabled=body.flag("enabled", default=True),
    )
    outer.adopt(body)
    return entry


def _config(kind: str, body: Body) -> tuple[dict[str, Any], str]:
    """Return what the trigger listens to, and the handle of its address."""
    if kind != TriggerKind.WEBHOOK:
        return read_source_config(kind, body, "config"), ""
    config = body.inside("config")
    handle: str = config.text(
        "http_handle", default="", max_length=128, pattern=HANDLE_PATTERN
    )
    body.adopt(config)
    return {}, handle


def _slug(name: str) -> str:
    try:
        return derive_handle(name) if name else ""
    except Invalid:
        return ""


def _check_distinct(outer: Body, entries: Sequence[AuthoredTrigger]) -> None:
    """Note keys and handles that stand twice."""
    first: dict[tuple[str, str], str] = {}
    for entry in entries:
        for field, word in (("key", entry.key), ("config.http_handle", entry.handle)):
            before = first.setdefault((field, word), entry.path) if word else ""
            if before not in ("", entry.path):
                path = f"{entry.path}.{field}"
                message = f"{word} is that of {before} already"
                outer.problems.append({"path": path, "message": message})
