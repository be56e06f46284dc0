"""Reading what providers send: bodies, names of events, fields worth routing by."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from apps.api.body import invalid_field
from apps.api.rendering import present, read_json
from apps.integrations.arrivals import Delivery
from apps.kernel.errors import Invalid
from apps.source_events.catalog import TYPE_CHARS_MAX

FORM: Final = "application/x-www-form-urlencoded"
FORM_FIELDS_MAX: Final = 100
DELIVERY_ID_CHARS_MAX: Final = 200
ROUTING_CHARS_MAX: Final = 512
#: Where words begin in IssueLabel, issueLabel and SLAStatus.
_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NO_WORD: Final = re.compile(r"[^a-z0-9_-]+")


def is_form(delivery: Delivery) -> bool:
    """Say whether a delivery says of itself that it is a form."""
    said = delivery.headers.get("Content-Type", "")
    return said.partition(";")[0].strip().lower() == FORM


def read_object(text: bytes, field: str = "body") -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        Invalid: it is none, or nested too deep.
    """
    value = read_json(text) if text.strip() else None
    if not isinstance(value, dict):
        raise invalid_field(field, "expected a JSON object")
    return value


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; of several with one name the first counts.

    Raises:
        Invalid: it is none, or has too many fields.
    """
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=FORM_FIELDS_MAX,
        )
    except ValueError:
        raise invalid_field("body", f"expected a form ({FORM})") from None
    return dict(reversed(pairs))


def event_name(provider: str, *words: str) -> str:
    """Return ``provider.word.word``, each word in snake case.

    What is no letter, digit, hyphen or underscore becomes an underscore: names come
    from people too.

    Raises:
        Invalid: nothing is left of a word, or the name is too long.
    """
    plain = [_plain(word) for word in words]
    name = ".".join([provider, *plain])
    if not all(plain) or len(name) > TYPE_CHARS_MAX:
        sent = " ".join(words)[:TYPE_CHARS_MAX]
        raise Invalid(
            f"{sent!r} cannot be the name of an event: expected words of letters and"
            f" digits, {TYPE_CHARS_MAX} characters in all"
        )
    return name


def _plain(word: str) -> str:
    return _NO_WORD.sub("_", _WORD_STARTS.sub("_", word).lower()).strip("_-")


def delivery_id(delivery: Delivery, header: str) -> str:
    """Return the provider's id of a delivery, else the digest of its body: what comes
    again is told by either."""
    sent = delivery.headers.get(header, "").strip()
    if sent and len(sent) <= DELIVERY_ID_CHARS_MAX and sent.isascii():
        return sent
    return f"sha256-{hashlib.sha256(delivery.body).hexdigest()}"


def routing(payload: Mapping[str, Any], **paths: str) -> dict[str, Any]:
    """Return routing fields: name=path into the payload, alternatives between ``|``.

    Only texts and whole numbers are taken; what is not there is left out.
    """
    return present(
        **{
            name: next(
                (
                    found
                    for path in alternatives.split("|")
                    if (found := _at(payload, path)) is not None
                ),
                None,
            )
            for name, alternatives in paths.items()
        }
    )


def _at(value: Any, path: str) -> str | None:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str):
        return value if 0 < len(value) <= ROUTING_CHARS_MAX else None
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else None
