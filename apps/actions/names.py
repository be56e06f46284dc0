"""Which names an action may have. Pure: the parser of specs asks here, too."""

import re
from collections.abc import Container
from typing import Final

NAME_CHARS_MAX: Final = 128
NAME_PATTERN: Final = r"[a-z0-9]+(-[a-z0-9]+)*"
RESERVED_PREFIX: Final = "mobius."

HTTP_REQUEST: Final = "http.request"
JSON_TRANSFORM: Final = "json.transform"
EMAIL_SEND: Final = "email.send"
TIME_NOW: Final = "time.now"
RANDOM: Final = "random"
PRINT: Final = "print"
FAIL: Final = "fail"

BUILT_IN: Final = frozenset(
    {HTTP_REQUEST, JSON_TRANSFORM, EMAIL_SEND, TIME_NOW, RANDOM, PRINT, FAIL}
)
#: Paths below ``/actions/`` that are no action's.
_PATHS: Final = frozenset({"catalog"})


def name_problem(name: str) -> str:
    """Return what keeps a custom action from this name, empty when nothing does."""
    if name.startswith(RESERVED_PREFIX) or name in BUILT_IN | _PATHS:
        return f"{name} is reserved: choose another name"
    if len(name) > NAME_CHARS_MAX or not re.fullmatch(NAME_PATTERN, name):
        return (
            f"expected up to {NAME_CHARS_MAX} lower-case letters, digits and single"
            " hyphens between them"
        )
    return ""


class ServerActions(Container[str]):
    """What a step may name for the server to run: the built-in actions, and whatever a
    custom action can be called. Whether the project has it is seen when it is run, as
    specs belong to no project and an action may be made after them."""

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return name in BUILT_IN or not name_problem(name)


SERVER_ACTIONS: Final = ServerActions()
