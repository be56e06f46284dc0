"""The engine: what a run does next, decided without I/O.

    advance(spec, state, received) -> (state, decisions)

Owns     the spec, state, input and decision types and their JSON; the transition
         table; retries; expressions and templates; durations; JSON Schemas.
Imports  the standard library and jsonschema_rs (why: README.md, JSON Schemas).
         Nothing else: import-linter forbids Django, Celery, Redis and every other
         app here.
Promises the same three arguments always give the same result, and an input
         delivered twice changes nothing the second time.
"""

from apps.engine.advance import TooManySignals, Transition, advance
from apps.engine.codec import decode_state, encode_state
from apps.engine.input_values import check_inputs
from apps.engine.parsing import parse_spec
from apps.engine.parsing_linear import parse_linear
from apps.engine.spec import InputErrors, Problem, Spec, SpecErrors
from apps.engine.state import RunState

__all__ = [
    "InputErrors",
    "Problem",
    "RunState",
    "Spec",
    "SpecErrors",
    "TooManySignals",
    "Transition",
    "advance",
    "check_inputs",
    "decode_state",
    "encode_state",
    "parse_linear",
    "parse_spec",
]
