"""Values held against the schemas of actions."""

from collections.abc import Mapping
from typing import Any

from apps.engine.json_schema import answer_problems


def misfit(value: Any, schema: Mapping[str, Any] | None) -> str:
    """Return what is first wrong with ``value``, empty when it fits or all does."""
    if not schema:
        return ""
    problems = answer_problems(value, dict(schema))
    if not problems:
        return ""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    where = f"{first.path}: " if first.path else ""
    return f"{where}{first.message}{more}"
