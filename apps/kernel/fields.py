"""Model fields that carry a rule of the house."""

from typing import TYPE_CHECKING, Any

from django.db import models

from apps.kernel.ids import ID_LENGTH_MAX, IdKind, id_factory

if TYPE_CHECKING:
    _Text = models.CharField[str, str]
    _MaybeText = models.CharField[str | None, str | None]
else:
    _Text = _MaybeText = models.CharField


class _PlainText(_Text):
    """Text compared byte by byte, with one index where Django would make two.

    Django adds a second index for LIKE to every indexed ``varchar``; collation C
    needs none, so the column's type goes by its other name.
    """

    def db_type(self, connection: Any) -> str:
        return f"character varying({self.max_length})"


class TypedIdField(_PlainText):
    """Primary key holding a typed id; compared byte by byte (collation C)."""

    def __init__(self, kind: IdKind | None = None, **options: Any) -> None:
        self.kind = kind
        options.setdefault("max_length", ID_LENGTH_MAX)
        options.setdefault("db_collation", "C")
        options.setdefault("editable", False)
        options["primary_key"] = True
        if kind is not None:
            options.setdefault("default", id_factory(kind))
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        options.pop("default", None)
        options["kind"] = self.kind
        return name, path, args, options


class ReferenceField(_PlainText):
    """The id of a row in an app above, or of a hot row: no foreign key, no lock.

    A foreign key to a busy parent makes every insert lock the parent's row; the
    hot tables of runs and jobs name their project and run by value instead.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", ID_LENGTH_MAX)
        options.setdefault("db_collation", "C")
        super().__init__(**options)


class TraceparentField(_MaybeText):
    """The place in a trace (W3C ``traceparent``) of what wrote the row; none without
    traces."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{"max_length": 55, "null": True, "blank": True, "editable": False}
            | options
        )
