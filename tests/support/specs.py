"""Specs that several tests run."""

from typing import Any


def action(name: str, **more: Any) -> dict[str, Any]:
    """A step whose action has its own name."""
    return {"name": name, "action": f"do.{name}", **more}


def spec(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A spec of these steps."""
    return {"name": "test-flow", "steps": list(steps), **more}


TWO_STEPS = spec(action("parse"), action("index"))
ONE_STEP = spec(action("parse"))
NO_RETRY = [{"max_retries": 0}]
