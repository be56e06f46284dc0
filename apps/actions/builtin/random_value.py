"""random: drawn once, and what was drawn is the step's recorded output."""

import string
import uuid
from random import SystemRandom
from typing import Any, Final

from apps.actions.builtin.kind import Builtin, closed
from apps.actions.calls import INVALID_INPUT, Call, Outcome, done, failed
from apps.actions.names import RANDOM

_draw = SystemRandom()
_ALPHABETS: Final = {
    "string": string.ascii_letters,
    "alphanumeric": string.ascii_letters + string.digits,
    "hex": "0123456789abcdef",
}
_TYPES: Final = ("uuid", "number", "float", "boolean", "choice", *_ALPHABETS)
_WHOLE_MAX: Final = 2**53


def _random(call: Call) -> Outcome:
    given = call.parameters
    kind = given.get("type", "uuid")
    low, high = given.get("min", 0), given.get("max", 1 if kind == "float" else 100)
    if kind in ("number", "float") and low > high:
        return failed(INVALID_INPUT, "max: expected no less than min")
    if kind == "choice" and not given.get("choices"):
        return failed(INVALID_INPUT, "choices: expected at least one")
    return done(_value(kind, given, low, high))


def _value(kind: str, given: Any, low: float, high: float) -> Any:
    if kind in _ALPHABETS:
        length = int(given.get("length", 16))
        return "".join(_draw.choices(_ALPHABETS[kind], k=length))
    match kind:
        case "number":
            return _draw.randint(int(low), max(int(low), int(high)))
        case "float":
            return _draw.uniform(low, high)
        case "boolean":
            return _draw.random() < 0.5
        case "choice":
            return _draw.choice(given["choices"])
        case _:
            return str(uuid.UUID(int=_draw.getrandbits(128), version=4))


_BOUND: Final = {"type": "number", "minimum": -_WHOLE_MAX, "maximum": _WHOLE_MAX}
RANDOM_VALUE: Final = Builtin(
    name=RANDOM,
    title="Random value",
    description=(
        "Draws a UUID, a number, a text or one of several choices; the run keeps what"
        " was drawn. Numbers include both bounds."
    ),
    input_schema=closed(
        [],
        type={"enum": list(_TYPES), "default": "uuid"},
        min=_BOUND,
        max=_BOUND,
        length={"type": "integer", "minimum": 1, "maximum": 1024},
        choices={"type": "array", "minItems": 1, "maxItems": 1000},
    ),
    output_schema={},
    prepare=_random,
    annotations={"read_only": True},
)
