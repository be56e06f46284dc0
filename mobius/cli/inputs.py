"""Values from the command line, and the text of files and of standard input."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mobius.cli.failures import UsageFailure

BYTES_MAX: Final = 16 * 1024 * 1024
STDIN: Final = "-"
#: How help shows what ``read_pairs`` reads.
PAIR: Final = "K=TEXT|K:=JSON"


def read_text(name: str) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises:
        UsageFailure: it cannot be read, is too long, or is not UTF-8.
    """
    raw = read_bytes(name)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        said = f"{shown_name(name)}: expected UTF-8 text: {error}"
        raise UsageFailure(said) from None


def read_bytes(name: str) -> bytes:
    """The bytes of a file, or of standard input for ``-``.

    Raises:
        UsageFailure: it cannot be read or is too long.
    """
    try:
        if name == STDIN:
            raw = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as handle:
                raw = handle.read(BYTES_MAX + 1)
    except OSError as error:
        raise UsageFailure(f"{shown_name(name)}: {error.strerror}") from None
    if len(raw) > BYTES_MAX:
        raise UsageFailure(f"{shown_name(name)}: expected at most {BYTES_MAX} bytes")
    return raw


def read_object(name: str) -> dict[str, Any]:
    """The one object in a file of YAML or JSON, or on standard input.

    Raises:
        UsageFailure: it is not exactly one object.
    """
    from mobius.cli.documents import read_documents  # YAML takes its time to load

    documents = read_documents(name)
    if len(documents) != 1:
        file = shown_name(name)
        raise UsageFailure(f"{file}: expected one object, found {len(documents)}")
    return documents[0].value


def read_pairs(pairs: Sequence[str], option: str) -> dict[str, Any]:
    """Pairs as an object: ``name=text`` and ``name:=json``. A dotted name goes deeper.

    Raises:
        UsageFailure: names the pair that is wrong.
    """
    made: dict[str, Any] = {}
    for pair in pairs:
        path, equals, text = pair.partition("=")
        is_json = path.endswith(":")
        path = path.removesuffix(":")
        if not equals or not all(path.split(".")):
            raise UsageFailure(f"{option} {pair}: expected name=text or name:=json")
        here = made
        *above, last = path.split(".")
        for name in above:
            here = here.setdefault(name, {})
            if not isinstance(here, dict):
                raise UsageFailure(f"{option} {path}: {name} has a value already")
        if last in here:
            raise UsageFailure(f"{option} {path}: given twice")
        here[last] = _json(text, f"{option} {path}") if is_json else text
    return made


def read_value(text: str) -> Any:
    """JSON if the text is JSON, else the text."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise UsageFailure(f"{what}: expected JSON: {error}") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def merged_inputs(pairs: Sequence[str], file: str | None) -> dict[str, Any] | None:
    """Inputs from a file and, over it, from pairs; None when neither is given."""
    if not pairs and file is None:
        return None
    base = read_object(file) if file is not None else {}
    return {**base, **read_pairs(pairs, "--input")}


def shown_name(name: str) -> str:
    """What a file is called in errors."""
    return "standard input" if name == STDIN else name
