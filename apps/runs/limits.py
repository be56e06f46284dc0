"""Bounds of runs among each other."""

from typing import Final

from apps.kernel.errors import Conflict

#: How many runs may lead to another: each ended, started the next as its child, or had
#: something published for it, and a trigger heard that.
DEPTH_MAX: Final = 16
#: Why a run has not begun: its definition decides when it may.
LOOP_POLICY: Final = "loop_policy"


class Busy(Conflict):
    """Another run of the definition lives, and its policy is to skip."""

    code = "concurrency_skipped"
