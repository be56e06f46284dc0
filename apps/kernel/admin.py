"""The base of every admin page: state is read, buttons call services.

class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "state", "run"]
    actions_detail = ["rescue"]

    state = badge("status", {"pending": "info", "failed": "danger"})

    @related("run", order_by="run_id")
    def run(self, job: Job) -> str:
        return link("runs", "run", job.run_id)

    @button("Rescue", question="Give this job to another worker?")
    def rescue(self, request: HttpRequest, object_id: str) -> str:
        rescue_job(object_id, now=clock.now())
        return "The job is back in its queue."
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.forms import Form, ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.paginator import InfinitePaginator

from apps.kernel import clock
from apps.kernel.admin_lists import PatientChangeList, QuickSearch
from apps.kernel.admin_refusals import TellsRefusals
from apps.kernel.admin_sections import Section, pill
from apps.kernel.errors import MobiusError

ROWS_PER_PAGE = 50
#: Shown where there is nothing to show.
NOTHING = "-"


class HouseAdmin(TellsRefusals, ModelAdmin):  # type: ignore[misc]
    """What all pages share. Buttons need the permission ``operate``: in Django's
    words, to change the model, even where no field can be changed."""

    list_per_page = ROWS_PER_PAGE
    list_filter_submit = True
    list_fullwidth = True
    empty_value_display = NOTHING
    change_form_outer_after_template = "admin/sections.html"
    actions: ClassVar[Any] = []
    #: Wide columns that a list does not read.
    list_defer: ClassVar[Sequence[str]] = ()

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say whether this account may press buttons on this model."""
        meta = self.model._meta
        return bool(request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}"))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the bulk actions; rows leave through services, not through Django's
        own bulk deletion."""
        found: dict[str, Any] = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def offers(self, name: str, row: Any) -> bool:
        """Say whether the button ``name`` makes sense on this row as it stands. The
        service decides again when it is pressed."""
        return True

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the buttons this person may press and that make sense now."""
        found: list[Any] = super().get_actions_detail(request, object_id)
        row = self.get_object(request, unquote(str(object_id))) if found else None
        return [one for one in found if row is None or self.offers(one.path, row)]

    def sections(self, request: HttpRequest, row: Any) -> Sequence[Section]:
        """Return what stands below the fields of a row."""
        return ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        """Render the page of a row with its sections."""
        row = options.get("obj")
        context["sections"] = self.sections(request, row) if row is not None else ()
        page: HttpResponse = super().render_change_form(
            request, context, *args, **options
        )
        return page


class ReadOnlyAdmin(HouseAdmin):
    """Rows that only services write: no adding, changing or deleting by form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a row here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a row here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row here."""
        return False


class QuickListAdmin(QuickSearch, ReadOnlyAdmin):
    """Rows by the million: newest first along the primary key, never counted, found
    by whole words."""

    paginator = InfinitePaginator
    sortable_by: Sequence[str] = ()
    ordering: Sequence[str] = ["-id"]
    show_facets = ShowFacets.NEVER
    show_full_result_count = False

    def get_changelist(
        self, request: HttpRequest, **options: Any
    ) -> type[PatientChangeList]:
        """Return the list that gives up in time."""
        return PatientChangeList


class DatedAdmin(HouseAdmin):
    """Rows that a form may add and change, never delete: others refer to them.

    ``fixed_fields`` are chosen when a row is added and stay as they are.
    """

    fixed_fields: Sequence[str] = ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a row here."""
        return False

    def get_readonly_fields(
        self, request: HttpRequest, obj: Any = None
    ) -> Sequence[str]:
        """Return the instants, and on a present row what is fixed."""
        fields = ["id", "created_at"]
        if hasattr(self.model, "updated_at"):
            fields.append("updated_at")
        return [*fields, *self.fixed_fields] if obj else fields

    def save_model(
        self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool
    ) -> None:
        """Save the row with its instants."""
        now = clock.now()
        if not change:
            obj.created_at = now
        obj.updated_at = now
        super().save_model(request, obj, form, change)


def link(app: str, model: str, pk: str | None, text: object = None) -> str:
    """Return a link to the page of another row; plain text when it has no page."""
    if not pk:
        return NOTHING
    shown = pk if text is None else text
    try:
        address = reverse(f"admin:{app}_{model}_change", args=[pk])
    except NoReverseMatch:
        return format_html("{}", shown)
    return format_html('<a class="mb-link" href="{}">{}</a>', address, shown)


def link_list(app: str, model: str, text: object, **filters: str) -> str:
    """Return a link to a list of rows, filtered: ``run_id="run_…"``."""
    address = list_address(app, model, **filters)
    return format_html('<a class="mb-link" href="{}">{}</a>', address, text)


def list_address(app: str, model: str, **filters: str) -> str:
    """Return the address of a list of rows, filtered."""
    return reverse(f"admin:{app}_{model}_changelist", query=filters or None)


def may(request: HttpRequest, permission: str) -> bool:
    """Say whether who looks holds a permission, such as ``runs.view_run``; who may
    change rows may also look at them."""
    app, _, name = permission.partition(".view_")
    wanted = [permission, f"{app}.change_{name}"] if name else [permission]
    return any(request.user.has_perm(one) for one in wanted)


def badge(
    field: str,
    colours: Mapping[str, str],
    *,
    description: str = "",
    value: Callable[[Any], object] | None = None,
) -> Callable[..., Any]:
    """Return a column that shows ``field``, or ``value(row)``, as a coloured badge.

    ``colours`` maps a value to info, success, warning, danger or primary; others are
    grey. Rows sort by ``field``.
    """

    def shown(admin: object, row: Model) -> str:
        return pill(str(getattr(row, field) if value is None else value(row)), colours)

    decorate = display(description=description or field, ordering=field)
    column: Callable[..., Any] = decorate(shown)
    return column


def related(
    description: str, *, order_by: str | None = None
) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Return a decorator for a column that shows something of another row."""
    decorate: Callable[[Callable[..., str]], Callable[..., str]] = display(
        description=description, ordering=order_by
    )
    return decorate


def button(
    title: str,
    *,
    question: str,
    form: type[Form] | None = None,
    icon: str = "",
    danger: bool = False,
) -> Callable[[Callable[..., str]], Any]:
    """Return a decorator that makes a method a button on a row's page.

    The button asks ``question`` first and acts on POST only. The method receives
    (request, object_id), with a ``form`` also its cleaned data, calls one service
    and returns what to tell the person. An error of the kernel is told as such. The
    row's history keeps who pressed it.
    """

    def decorate(method: Callable[..., str]) -> Any:
        @wraps(method)
        def press(
            admin: Any, request: HttpRequest, filled: Form, object_id: str
        ) -> HttpResponse:
            data = () if form is None else (filled.cleaned_data,)
            # Django's own links write the "_" of an id as "_5F".
            object_id = unquote(object_id)
            try:
                messages.success(request, method(admin, request, object_id, *data))
                _remember(admin, request, object_id, title)
            except MobiusError as error:
                messages.error(request, error.message)
            except ObjectDoesNotExist:
                messages.error(request, f"{object_id} does not exist any more.")
            return _back_to_row(admin, request, object_id)

        return action(
            description=title,
            permissions=["operate"],
            icon=icon or None,
            variant=ActionVariant.DANGER if danger else ActionVariant.DEFAULT,
            dialog={
                "title": title,
                "description": question,
                "form_class": form or BaseDialogForm,
                "form_submit_text": title,
            },
        )(press)

    return decorate


def _remember(admin: Any, request: HttpRequest, object_id: str, title: str) -> None:
    """Write into the row's history who pressed what; not what was told, which may be
    a secret."""
    row = admin.get_object(request, object_id)
    if row is not None:
        admin.log_change(request, row, f"Pressed “{title}”.")


def _back_to_row(admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    meta = admin.model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_change"
    address = reverse(name, args=[object_id])
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
