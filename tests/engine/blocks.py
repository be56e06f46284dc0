"""Interaction blocks for tests of the parser, and what it says of them."""

from typing import Any

from apps.engine import parse_spec
from apps.engine.spec import SpecErrors

OPTIONS = [{"value": "a", "label": "A"}]
SCHEMA = {"type": "object", "properties": {"amount": {"type": "number"}}}
TWO_HOURS = {"after": "2h", "target": {"type": "user", "id": "boss"}}


def asked(**changes: Any) -> dict[str, Any]:
    """Return a sound block with ``changes``; None takes a field away."""
    block = {
        "type": "approval",
        "message": "ok?",
        "timeout": "24h",
        "target": {"type": "user", "id": "u"},
        **changes,
    }
    return {key: value for key, value in block.items() if value is not None}


def problems(block: object) -> dict[str, str]:
    """Return what a step with this block is refused for, by path in the block."""
    step = {"name": "ask", "interaction": block}
    try:
        parse_spec({"name": "x", "steps": [step]})
    except SpecErrors as refused:
        prefix = "steps[0].interaction."
        return {p.path.removeprefix(prefix): p.message for p in refused.problems}
    return {}
