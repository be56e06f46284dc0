"""Whose job it is: a run's, or that of an action called directly, without a run."""

from typing import Final

from apps.kernel.ids import IdKind

_PREFIX: Final = f"{IdKind.INVOCATION.value}_"


def is_invocation(owner_id: str) -> bool:
    """Say whether ``run_id`` of a job or of its events names an invocation."""
    return owner_id.startswith(_PREFIX)
