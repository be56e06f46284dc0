"""Lists that stay quick however many rows there are.

No list counts its rows, sorts by what has no index or looks for parts of words. Rows
are found by whole ids and names, newest first along the primary key. What still takes
longer than ``PATIENCE_MS`` is given up, and the person is told.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from django.contrib import admin, messages
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from psycopg.errors import QueryCanceled
from unfold.contrib.filters.admin import DropdownFilter, TextFilter
from unfold.views import ChangeList

from apps.kernel import clock
from apps.kernel.ids import IdKind, first_id

#: A list that takes longer shows nothing; milliseconds.
PATIENCE_MS: Final = 3000


def fetch_in_time(rows: "QuerySet[Any]") -> bool:
    """Fetch the rows into their cache; return False and leave it to the caller to
    show nothing if PostgreSQL did not find them within ``PATIENCE_MS``."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)",
                    [str(PATIENCE_MS)],
                )
            len(rows)
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return False
    return True


class PatientChangeList(ChangeList):  # type: ignore[misc]
    """A list that gives up in time instead of holding a connection, and leaves the
    wide columns in the table."""

    result_list: Any

    def get_queryset(self, *args: Any, **options: Any) -> "QuerySet[Any]":
        """Return the rows without the columns of ``list_defer``."""
        rows: QuerySet[Any] = super().get_queryset(*args, **options)
        return rows.defer(*self.model_admin.list_defer)

    def get_results(self, request: HttpRequest) -> None:
        """Fetch this page's rows, or none if that takes too long."""
        super().get_results(request)
        if not fetch_in_time(self.result_list):
            self.result_list = self.queryset.none()
            messages.warning(
                request, "This takes too long to find: narrow the search or filters."
            )


class QuickSearch:
    """Mixin of admin pages: search by whole words, each kind of word in one column.

    ``search_ids`` maps the kind of an id to the column that holds it,
    ``search_names`` is where any other word is looked for. Each should have an index,
    else ``PATIENCE_MS`` is what saves the page.
    """

    search_ids: ClassVar[Mapping[IdKind, str]] = {}
    search_names: ClassVar[Sequence[str]] = ()

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        """Return the columns; Django shows the search box because of it."""
        return [*self.search_ids.values(), *self.search_names]

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Return the rows whose column is exactly the term."""
        word = search_term.strip()
        if not word:
            return queryset, False
        kind = word.partition("_")[0]
        for known, column in self.search_ids.items():
            if kind == known.value:
                return queryset.filter(**{column: word}), False
        found = queryset.none()
        for name in self.search_names:
            found = found | queryset.filter(**{name: word})
        return found, False


_AGES: Final = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
    "week": ("Last 7 days", timedelta(days=7)),
    "month": ("Last 30 days", timedelta(days=30)),
}


def age_filter(kind: IdKind) -> type[admin.SimpleListFilter]:
    """Return a filter by age for rows whose primary key is an id of ``kind``."""

    class AgeFilter(DropdownFilter):  # type: ignore[misc]
        title = "age"
        parameter_name = "age"

        def lookups(self, request: HttpRequest, admin: Any) -> list[tuple[str, str]]:
            return [(name, label) for name, (label, _) in _AGES.items()]

        def queryset(
            self, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> "QuerySet[Any]":
            if self.value() not in _AGES:
                return queryset
            since = clock.now() - _AGES[self.value()][1]
            return queryset.filter(id__gte=first_id(kind, since))

    return AgeFilter


def choice_filter(
    column: str, choices: Callable[[], Sequence[tuple[str, str]]], title: str = ""
) -> type[admin.SimpleListFilter]:
    """Return a drop-down filter of ``column`` that offers ``choices()``, and asks the
    table of the list for nothing."""

    class ChoiceFilter(DropdownFilter):  # type: ignore[misc]
        parameter_name = column

        def lookups(
            self, request: HttpRequest, admin: Any
        ) -> Sequence[tuple[str, str]]:
            return choices()

        def queryset(
            self, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> "QuerySet[Any]":
            value = self.value()
            return queryset.filter(**{column: value}) if value else queryset

    ChoiceFilter.title = title or column.replace("_", " ")
    return ChoiceFilter


def word_filter(column: str, title: str = "") -> type[admin.SimpleListFilter]:
    """Return a filter that takes the whole value of ``column`` as typed."""

    class WordFilter(TextFilter):  # type: ignore[misc]
        parameter_name = column

        def queryset(
            self, request: HttpRequest, queryset: "QuerySet[Any]"
        ) -> "QuerySet[Any]":
            value = (self.value() or "").strip()
            return queryset.filter(**{column: value}) if value else queryset

    WordFilter.title = title or column.replace("_", " ")
    return WordFilter
