"""Whether what was authored can be stored: its steps, and all around them.

The engine reads the steps, what they refer to, and limits; the block of triggers,
defaults, repositories and the name of runs are read here. A refusal lists them all.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from apps.api.body import Body
from apps.definitions.contents import read_contents
from apps.kernel.errors import Invalid
from apps.triggers.block import read_block
from apps.triggers.services.reconcile import AuthoredTrigger
from apps.workflows.models import Dialect
from apps.workflows.specs import admit_linear, check_linear

Problem = Mapping[str, str]

#: Where requests hold what was authored: loops hold it inline.
PREFIXES: Final = {Dialect.AUTOMATION: "spec", Dialect.LOOP: ""}


def admit_authored(
    dialect: Dialect, authored: Mapping[str, Any], *, now: datetime
) -> str:
    """Check and store what was authored; return the digest of the stored spec.

    Raises:
        Invalid: ``details["fields"]`` lists every problem with its path.
    """
    if _own_problems(dialect, authored):
        raise refusal(problems_of(dialect, authored))
    digest, _ = admit_linear(authored, prefix=PREFIXES[dialect], now=now)
    return digest


def problems_of(dialect: Dialect, authored: Mapping[str, Any]) -> list[Problem]:
    """Return everything that is wrong with it, each place once."""
    found: dict[str, Problem] = {}
    of_steps = _linear_problems(dialect, authored)
    for problem in (*of_steps, *_own_problems(dialect, authored)):
        found.setdefault(problem["path"], problem)
    return list(found.values())


def block_of(dialect: Dialect, authored: Mapping[str, Any]) -> list[AuthoredTrigger]:
    """Return the triggers that stored authoring asks for.

    Raises:
        Invalid: what could be read when it was stored cannot be read any more.
    """
    body = Body(authored, PREFIXES[dialect])
    entries = read_block(body, authored.get("concurrency"))
    if body.problems:
        raise refusal(body.problems)
    return entries


def _linear_problems(dialect: Dialect, authored: Mapping[str, Any]) -> list[Problem]:
    try:
        check_linear(authored, prefix=PREFIXES[dialect])
    except Invalid as found:
        return found.details["fields"]  # type: ignore[return-value]
    return []


def _own_problems(dialect: Dialect, authored: Mapping[str, Any]) -> list[Problem]:
    body = read_contents(dialect, authored, PREFIXES[dialect])
    try:
        body.finish()
    except Invalid:
        return list(body.problems)
    return []


def refusal(problems: Sequence[Problem]) -> Invalid:
    """Return the error that lists these problems."""
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Invalid(
        f"{first['path']}: {first['message']}{more}",
        code="invalid_spec",
        path=first["path"],
        fields=list(problems),
    )
