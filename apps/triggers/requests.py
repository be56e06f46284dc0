"""Reading triggers from requests."""

from collections.abc import Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.engine.expressions import ExpressionError
from apps.jobs.queues import read_queue
from apps.triggers.authored import compile_source
from apps.triggers.configs import (
    CONCURRENT_RUNS_MAX,
    HANDLE_PATTERN,
    NAME_CHARS_MAX,
    read_condition,
    read_filter_config,
    read_source_config,
)
from apps.triggers.models import ConcurrencyPolicy, TriggerKind
from apps.triggers.services.create import NewTrigger
from apps.triggers.services.update import Changes

TARGETS_MAX: Final = 20
INPUTS_MAX: Final = 100
SECRET_CHARS_MAX: Final = 1024

#: The words of the later dialects, and ours.
_KINDS: Final = {"http": TriggerKind.WEBHOOK}
_POLICIES: Final = {"skip": ConcurrencyPolicy.FORBID}


def read_new_trigger(data: object) -> NewTrigger:
    """Return a trigger to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    kind = read_kind(body.text("kind", choices=[*TriggerKind.values, *_KINDS]))
    new = NewTrigger(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        kind=kind,
        source_config=read_source_config(kind, body),
        filter_config=read_filter_config(body),
        targets=_targets(body) or [],
        concurrency_policy=_policy(body) or ConcurrencyPolicy.ALLOW,
        max_concurrent_runs=_most(body) or 1,
        enabled=body.flag("enabled", default=True),
        handle=_handle(body, kind) or "",
        secret=_secret(body, kind) or "",
    )
    body.finish()
    return new


def read_changes(data: object, kind: str) -> Changes:
    """Return changes of a trigger of this kind; the kind itself stays.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    if body.has("kind") and read_kind(body.text("kind")) != kind:
        body.problem("kind", "cannot be changed: create another trigger")
    config = read_source_config(kind, body) if body.has("source_config") else None
    changes = Changes(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        source_config=config,
        filter_config=read_filter_config(body) if body.has("filter_config") else None,
        targets=_targets(body, required=False),
        concurrency_policy=_policy(body),
        max_concurrent_runs=_most(body),
        enabled=body.flag("enabled", default=None),
        handle=_handle(body, kind),
        secret=_secret(body, kind),
    )
    body.finish()
    return changes


def read_manual_inputs(data: object) -> Mapping[str, Any]:
    """Return what a fire by hand sends.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    inputs: Mapping[str, Any] = body.mapping("inputs", default={})
    body.finish()
    return dict(inputs)


def read_kind(word: str) -> str:
    """Return our word for a kind."""
    return _KINDS.get(word, word)


def _policy(body: Body) -> str | None:
    word = body.text(
        "concurrency_policy",
        default=None,
        choices=[*ConcurrencyPolicy.values, *_POLICIES],
    )
    return _POLICIES.get(word, word) if word else None


def _most(body: Body) -> int | None:
    most: int | None = body.integer(
        "max_concurrent_runs", default=None, minimum=1, maximum=CONCURRENT_RUNS_MAX
    )
    return most


def _handle(body: Body, kind: str) -> str | None:
    handle: str | None = body.text(
        "webhook_handle", default=None, max_length=128, pattern=HANDLE_PATTERN
    )
    if handle is not None and kind != TriggerKind.WEBHOOK:
        body.problem("webhook_handle", "only webhook triggers have one")
    return handle


def _secret(body: Body, kind: str) -> str | None:
    """An empty one takes the secret away."""
    secret: str | None = body.text(
        "webhook_secret", default=None, min_length=0, max_length=SECRET_CHARS_MAX
    )
    if secret is not None and kind != TriggerKind.WEBHOOK:
        body.problem("webhook_secret", "only webhook triggers have one")
    return secret


def _targets(body: Body, *, required: bool = True) -> list[dict[str, Any]] | None:
    default: dict[str, Any] = {} if required else {"default": None}
    sent = body.listing("targets", min_items=1, max_items=TARGETS_MAX, **default)
    if sent is None:
        return None
    return [_target(body, f"targets[{n}]", each) for n, each in enumerate(sent)]


def _target(outer: Body, path: str, sent: object) -> dict[str, Any]:
    if not isinstance(sent, Mapping):
        outer.problem(path, "expected an object")
        return {}
    body = Body(sent, path)
    target = {
        "workflow_id": body.text("workflow_id", max_length=128),
        "condition": read_condition(body, "condition"),
        "input_mapping": _mapping(body),
        "queue": read_queue(body, default=""),
    }
    outer.adopt(body)
    return {name: value for name, value in target.items() if value}


def _mapping(body: Body) -> dict[str, Any]:
    mapping = body.mapping("input_mapping", default={})
    if len(mapping) > INPUTS_MAX:
        body.problem("input_mapping", f"expected at most {INPUTS_MAX} entries")
        return {}
    for name, authored in mapping.items():
        try:
            compile_source(authored)
        except ExpressionError as error:
            body.problem(f"input_mapping.{name}", str(error))
    return dict(mapping)
