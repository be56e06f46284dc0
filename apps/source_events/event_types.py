"""What the catalogue knows of an event type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class EventType:
    """One row: a type of event, or a family of types named ``signal.<name>``.

    ``meta_fields`` are the routing fields each event carries, next to ``event_type``.
    ``instead`` says what to use where the type is refused. ``prefix`` is what every
    name of a family begins with, ``members`` are some names in it; other types have
    neither.
    """

    name: str
    public: bool
    source_kind: str = ""
    triggerable: bool = False
    waitable: bool = False
    when: str = ""
    meta_fields: tuple[str, ...] = ()
    description: str = ""
    instead: str = ""
    prefix: str = ""
    members: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    sample: Mapping[str, Any] = field(default_factory=dict)

    @property
    def event_schema(self) -> dict[str, Any]:
        """The JSON Schema of ``event``."""
        return _schema(self.sample.get("event", {}), self.required)

    @property
    def meta_schema(self) -> dict[str, Any]:
        """The JSON Schema of ``meta``."""
        return _schema(self.example["meta"], ("event_type", *self.meta_fields))

    @property
    def example(self) -> dict[str, Any]:
        """An envelope of this type."""
        return self.example_of(self.name)

    def example_of(self, name: str) -> dict[str, Any]:
        """Return an envelope of one type of the family; its name may be the row's."""
        event_type = self.sample.get("event_type", name) if name == self.name else name
        return {
            "event_type": event_type,
            "source_kind": self.source_kind,
            "source_id": self.sample.get("source_id", ""),
            "event": dict(self.sample.get("event", {})),
            "meta": {"event_type": event_type, **self.sample.get("meta", {})},
        }


_WORDS: Final = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _schema(sample: Mapping[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    """Return the schema of objects like ``sample``; None there means anything."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            name: {} if value is None else {"type": _WORDS.get(type(value), "object")}
            for name, value in sample.items()
        },
    }
    return {**schema, "required": list(required)} if required else schema
