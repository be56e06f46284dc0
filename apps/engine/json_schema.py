"""JSON Schemas of authors, and values of other people held against them.

``jsonschema_rs`` is the one library the engine uses. It is as pure as the engine: it
is never let near a network or a file (``offline``), its regular expressions take
linear time, and what it may cost is weighed before it is asked.
"""

import json
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from jsonschema_rs import RegexOptions, ValidationError, Validator, validator_for

from apps.engine.expressions import ExpressionError
from apps.engine.expressions.values import size_of
from apps.engine.json_schema_weight import SchemaRefused, Weight, weigh_schema
from apps.engine.json_schema_words import path_text, problems_of
from apps.engine.limits import (
    NESTING_MAX,
    SCHEMA_CHARS_MAX,
    SCHEMA_FINDINGS_WORK_MAX,
    SCHEMA_PATTERN_BYTES_MAX,
    SCHEMA_PROBLEMS_MAX,
    SCHEMA_WORK_MAX,
    SCHEMAS_KEPT_MAX,
)
from apps.engine.spec import Problem

_DRAFTS: Final = frozenset(
    {
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
    }
)


class _Compiled(NamedTuple):
    validator: Validator
    weight: Weight


def schema_problem(schema: object) -> str:
    """Return what is wrong with ``schema``, decoded JSON; "" when it can be used.

    Draft 2020-12 counts unless ``$schema`` names an older one, down to draft 6.
    References stay inside the schema and never lead back to where they stand.
    """
    try:
        _compile(_canonical(schema))
    except SchemaRefused as refused:
        return str(refused)
    return ""


def answer_problems(value: object, schema: object) -> list[Problem]:
    """Return what is wrong with ``value``, decoded JSON; nothing when it fits.

    A path such as ``items[2].price`` leads into the value, "" is the whole of it. Of
    a large value only the first problem is told.

    Raises:
        ValueError: ``schema`` cannot be used; ``schema_problem`` says why.
    """
    validator, weight = _compile(_canonical(schema))
    try:
        chars, values = size_of(value), _count_values(value)
    except ExpressionError as error:
        return [Problem("", str(error))]
    work = values * weight.parts
    if work > SCHEMA_WORK_MAX:
        return [Problem("", "too large to be held against its schema")]
    try:
        if validator.is_valid(value):
            return []
        # A finding costs as much as a thousand checks, so not all are asked for.
        large = max(work, chars) > SCHEMA_FINDINGS_WORK_MAX
        if large and weight.alternatives:
            return [Problem("", "does not fit; too large to say where")]
        errors = [_first(validator, value)] if large else validator.iter_errors(value)
        found = chain.from_iterable(map(problems_of, errors))
        return list(islice(dict.fromkeys(found), SCHEMA_PROBLEMS_MAX))
    except UnicodeError:  # half a character cannot be written down
        return [Problem("", "expected JSON")]


def _first(validator: Validator, value: Any) -> ValidationError:
    try:
        validator.validate(value)
    except ValidationError as error:
        return error
    raise AssertionError("only asked about a value that does not fit")


def _canonical(schema: object) -> str:
    """Return ``schema`` as text, the same for equal ones.

    Raises:
        SchemaRefused: it is no object, or is too large or too deep.
    """
    if not isinstance(schema, dict):
        raise SchemaRefused("", "expected an object")
    _check_nesting(schema)
    try:
        text = json.dumps(
            schema, sort_keys=True, allow_nan=False, separators=(",", ":")
        )
    except (TypeError, ValueError):
        raise SchemaRefused("", "expected JSON") from None
    if len(text) > SCHEMA_CHARS_MAX:
        raise SchemaRefused("", f"larger than {SCHEMA_CHARS_MAX} characters")
    return text


@lru_cache(maxsize=SCHEMAS_KEPT_MAX)
def _compile(text: str) -> _Compiled:
    schema = json.loads(text)
    draft = schema.get("$schema")
    if isinstance(draft, str) and draft.removesuffix("#") not in _DRAFTS:
        raise SchemaRefused("$schema", f"expected one of {', '.join(sorted(_DRAFTS))}")
    weight = weigh_schema(schema)
    limit = SCHEMA_PATTERN_BYTES_MAX
    try:
        validator = validator_for(
            text,
            offline=True,
            validate_formats=True,
            mask="the value",
            pattern_options=RegexOptions(size_limit=limit, dfa_size_limit=limit),
        )
    except ValidationError as error:
        problem = next(problems_of(error))
        where = problem.path or path_text(error.instance_path)
        raise SchemaRefused(where, problem.message) from None
    except ValueError:
        raise SchemaRefused("", "expected JSON") from None
    return _Compiled(validator, weight)


def _check_nesting(schema: object) -> None:
    level = [schema]
    for _ in range(NESTING_MAX):
        parts = (part for holder in level for part in _parts_of(holder))
        level = [part for part in parts if isinstance(part, dict | list | tuple)]
    if level:
        raise SchemaRefused("", f"nested deeper than {NESTING_MAX} levels")


def _count_values(value: object) -> int:
    count, left = 0, [value]
    while left:
        count += 1
        left.extend(_parts_of(left.pop()))
    return count


def _parts_of(holder: Any) -> list[Any]:
    if isinstance(holder, dict):
        return list(holder.values())
    return list(holder) if isinstance(holder, list | tuple) else []
