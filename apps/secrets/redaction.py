"""Taking secrets out of what comes back from those they were sent to.

An endpoint may repeat what it was sent, as it is or as its page, its JSON or its log
writes it. What is stored or shown of an answer goes through here before.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, quote_plus

SHOWN: Final = "[secret]"
#: A shorter one would hide half of every answer.
CHARS_MIN: Final = 4
#: Fewer characters of a written form could be anything.
_FORM_CHARS_MIN: Final = 4
_BASE64_CHARS_MIN: Final = 8


class Censored(Exception):
    """An error whose own words held a secret; these do not."""


class Redaction:
    """Some secret values, and how to take them out. Shows none of them itself."""

    __slots__ = ("_forms", "_pattern")

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = {form for value in values for form in _forms(value)}
        self._forms = sorted(found, key=lambda form: (-len(form), form))
        # Without a value it is a pattern that nothing fits.
        self._pattern = re.compile("|".join(map(re.escape, self._forms)) or r"(?!)")

    def text(self, text: str, *, is_cut: bool = False) -> str:
        """Return a text without the values. Of one that ``is_cut`` at its end the
        beginning of a value at that end goes, too."""
        found = self._pattern.sub(SHOWN, text)
        if not is_cut:
            return found
        longest = max((_overlap(found, form) for form in self._forms), default=0)
        return found[: len(found) - longest] + SHOWN if longest else found

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let no error out whose words hold a value: it is raised as ``Censored``."""
        try:
            yield
        except Exception as error:
            words = self.text(str(error))
            if words == str(error):
                raise
            censored = Censored(f"{type(error).__name__}: {words}")
            raise censored.with_traceback(error.__traceback__) from None

    def value(self, value: Any) -> Any:
        """Return a JSON value without the values, in names of fields too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        if isinstance(value, int | float) and not isinstance(value, bool):
            shown = self.text(str(value))
            return value if shown == str(value) else shown
        return value


def _forms(value: str) -> Iterator[str]:
    """Yield a value as others may write it."""
    if len(value) < CHARS_MIN:
        return
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield quote(value)
    yield quote(value, safe="")
    yield quote_plus(value)
    yield html.escape(value)
    raw = value.encode()
    yield from _bytes_forms(raw)
    key = _decoded(value)
    if key is not None:
        yield from _bytes_forms(key)


def _bytes_forms(raw: bytes) -> Iterator[str]:
    yield raw.hex()
    yield raw.hex().upper()
    whole = base64.b64encode(raw).decode()
    yield whole
    yield whole.rstrip("=")
    # Where it stands in a longer text decides how base64 writes it: three ways, of
    # which the characters are left out that its neighbours share.
    for shift in range(3):
        written = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        begin = -(-shift * 8 // 6)
        end = (shift + len(raw)) * 8 // 6
        core = written[begin:end]
        if len(core) >= _BASE64_CHARS_MIN:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def _decoded(value: str) -> bytes | None:
    """Return the bytes of a key that is kept in base64, None of any other value."""
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) >= _BASE64_CHARS_MIN else None


def _overlap(text: str, form: str) -> int:
    """Return how many characters at the end of a text begin a form."""
    for length in range(min(len(form) - 1, len(text)), _FORM_CHARS_MIN - 1, -1):
        if text.endswith(form[:length]):
            return length
    return 0


NOTHING_HIDDEN: Final = Redaction()
