"""The actions that every project has: one file each, or a few small ones together.

Each is a ``Builtin``: its words for the catalogue, the schemas of what goes in and out,
and ``prepare``, which reads what it needs from the database and returns an outcome, or
how to get one over the network.
"""

from collections.abc import Mapping
from typing import Final

from apps.actions.builtin.email_send import EMAIL
from apps.actions.builtin.http_request import HTTP
from apps.actions.builtin.json_transform import TRANSFORM
from apps.actions.builtin.kind import Builtin
from apps.actions.builtin.random_value import RANDOM_VALUE
from apps.actions.builtin.small import FAIL_ACTION, NOW, PRINT_ACTION

BUILTINS: Final[Mapping[str, Builtin]] = {
    one.name: one
    for one in (
        *(EMAIL, FAIL_ACTION, HTTP, TRANSFORM),
        *(PRINT_ACTION, RANDOM_VALUE, NOW),
    )
}

__all__ = ["BUILTINS", "Builtin"]
