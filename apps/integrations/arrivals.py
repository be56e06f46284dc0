"""What comes in, what it is checked against, and what it turns out to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as a provider sent it; names of headers in any case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an integration knows of its provider, and where it is reached."""

    secret: str = field(repr=False)
    config: Mapping[str, Any]
    receive_url: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something happened at the provider. ``event`` is the provider's own payload,
    ``meta`` what is worth routing by, ``delivery_id`` the same for a repetition."""

    event_type: str
    delivery_id: str
    event: Mapping[str, Any]
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Greeting:
    """Nothing happened: the provider looks whether we are there; it gets ``answer``."""

    answer: Mapping[str, Any] | None
