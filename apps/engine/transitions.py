"""The life of a run, as a table.

The diagram in ``README.md`` is drawn from it by ``diagram``; a test fails when the
two differ. A retried run is queued before anything else, so one move out of
``failed`` may pass through ``queued`` unseen.
"""

from collections.abc import Mapping
from typing import Final

from apps.engine.state import RunStatus as S

RUN_TRANSITIONS: Final[Mapping[S, frozenset[S]]] = {
    S.QUEUED: frozenset({S.RUNNING, S.SUSPENDED, S.COMPLETED, S.FAILED, S.CANCELLED}),
    S.RUNNING: frozenset({S.QUEUED, S.SUSPENDED, S.COMPLETED, S.FAILED, S.CANCELLED}),
    S.SUSPENDED: frozenset({S.QUEUED, S.COMPLETED, S.FAILED, S.CANCELLED}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset({S.QUEUED, S.SUSPENDED, S.COMPLETED}),
    S.CANCELLED: frozenset(),
}


def is_legal(before: S, after: S) -> bool:
    """Say whether a run may stand at ``after`` right after ``before``."""
    return before is after or after in RUN_TRANSITIONS[before]


def diagram() -> str:
    """Return the table as a mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.QUEUED}"]
    for before in S:
        following = RUN_TRANSITIONS[before]
        lines += [f"    {before} --> {after}" for after in S if after in following]
        if not following:
            lines.append(f"    {before} --> [*]")
    return "\n".join(lines)
