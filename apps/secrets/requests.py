"""Reading secrets from requests."""

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.api.body import Body
from apps.secrets.selectors import ID_PREFIX
from apps.secrets.services.create import NewSecret
from apps.secrets.services.update import Changes

#: A name stands in paths and, before a colon, in references.
NAME_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]*"
NAME_CHARS_MAX: Final = 128
DESCRIPTION_CHARS_MAX: Final = 1000
KEY_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_.-]{0,127}"
KEYS_MAX: Final = 100
VALUE_CHARS_MAX: Final = 65_536


def read_new_secret(data: object) -> NewSecret:
    """Return a secret to create.

    Raises:
        Invalid: names every field that is wrong; values are not repeated.
    """
    body = Body(data)
    name = body.text("name", max_length=NAME_CHARS_MAX, pattern=NAME_PATTERN)
    if isinstance(name, str) and name.startswith(ID_PREFIX):
        body.problem("name", f"must not begin with {ID_PREFIX}, which ids do")
    new = NewSecret(
        name=name,
        description=_description(body, default=""),
        values=_values(body) or {},
    )
    body.finish()
    return new


def read_changes(data: object) -> Changes:
    """Return changes of a secret.

    Raises:
        Invalid: names every field that is wrong; values are not repeated.
    """
    body = Body(data)
    changes = Changes(
        description=_description(body, default=None),
        values=_values(body, default=None),
    )
    body.finish()
    return changes


def _description(body: Body, default: str | None) -> Any:
    return body.text(
        "description", default=default, min_length=0, max_length=DESCRIPTION_CHARS_MAX
    )


def _values(body: Body, **default: None) -> Mapping[str, str] | None:
    problems = len(body.problems)
    values = body.mapping("values", **default)
    if values is None or len(body.problems) > problems:
        return None
    if not 1 <= len(values) <= KEYS_MAX:
        body.problem("values", f"expected 1 to {KEYS_MAX} entries")
    for key, value in values.items():
        if not re.fullmatch(KEY_PATTERN, key):
            body.problem("values", f"expected keys matching {KEY_PATTERN}")
        elif not isinstance(value, str) or len(value) > VALUE_CHARS_MAX:
            body.problem(
                f"values.{key}", f"expected a string up to {VALUE_CHARS_MAX} characters"
            )
    return dict(values)
