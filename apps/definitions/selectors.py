"""Reading automations and loops. Every query starts from the project."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.api.body import invalid_field
from apps.kernel.errors import NotFound
from apps.kernel.ids import IdKind
from apps.runs.models import Run
from apps.triggers.models import Trigger
from apps.triggers.selectors import owned_triggers
from apps.workflows.models import (
    HIDDEN,
    DefinitionStatus,
    Dialect,
    Spec,
    Workflow,
    WorkflowVersion,
)

_ID_PREFIX: Final = f"{IdKind.WORKFLOW.value}_"
_S = DefinitionStatus
#: What the lists can be filtered by. Deleted loops are gone for readers.
STATUSES: Final[Mapping[Dialect, tuple[str, ...]]] = {
    Dialect.AUTOMATION: (_S.DRAFT, _S.ACTIVE, _S.PAUSED, _S.ARCHIVED),
    Dialect.LOOP: (_S.DRAFT, _S.ACTIVE, _S.PAUSED),
}


def list_definitions(
    project_id: str, dialect: Dialect, query: Mapping[str, Any]
) -> QuerySet[Workflow]:
    """Return the definitions that match the filters ``status`` and ``agent_id``;
    hidden ones only when they are asked for.

    Raises:
        Invalid: ``status`` is none of the dialect's.
    """
    rows = _with_last_run(_of(project_id, dialect))
    if status := str(query.get("status") or ""):
        if status not in STATUSES[dialect]:
            known = ", ".join(STATUSES[dialect])
            raise invalid_field("status", f"expected one of {known}")
        rows = rows.filter(status=status)
    else:
        rows = rows.exclude(status__in=HIDDEN)
    if agent_id := str(query.get("agent_id") or ""):
        rows = rows.filter(agent_id=agent_id)
    return rows


def find_definition(
    project_id: str, dialect: Dialect, id_or_handle: str, *, for_update: bool = False
) -> Workflow:
    """Return one definition, locked until the end of the transaction if asked; else
    with ``last_run_at``.

    Raises:
        NotFound: the project has no such definition; a deleted loop is none.
    """
    rows = _of(project_id, dialect).exclude(status=DefinitionStatus.DELETED)
    rows = rows.select_for_update() if for_update else _with_last_run(rows)
    column = "id" if id_or_handle.startswith(_ID_PREFIX) else "handle"
    found = rows.filter(**{column: id_or_handle}).first()
    if found is None:
        raise NotFound(f"{dialect.value} {id_or_handle} not found")
    return found


def authored_now(definitions: Iterable[Workflow]) -> dict[str, dict[str, Any]]:
    """Return what is authored in the published versions, by definition."""
    rows = WorkflowVersion.objects.filter(
        workflow_id__in=[row.id for row in definitions],
        version=F("workflow__published_version"),
    )
    return dict(rows.values_list("workflow_id", "spec__body"))


def authored_of(definition: Workflow) -> dict[str, Any]:
    """Return what is authored in the version that the row at hand says is published;
    nothing if none is."""
    found = Spec.objects.values_list("body", flat=True).filter(
        workflowversion__workflow=definition,
        workflowversion__version=definition.published_version,
    )
    return dict(found.first() or {})


def triggers_of(definitions: Sequence[Workflow]) -> dict[str, list[Trigger]]:
    """Return the triggers that stand for the blocks of definitions."""
    found: dict[str, list[Trigger]] = defaultdict(list)
    for trigger in owned_triggers([row.id for row in definitions]):
        found[trigger.workflow_id].append(trigger)
    return found


def _of(project_id: str, dialect: Dialect) -> QuerySet[Workflow]:
    return Workflow.objects.filter(project_id=project_id, dialect=dialect)


def _with_last_run(rows: QuerySet[Workflow]) -> QuerySet[Workflow]:
    # The index leaves runs without a definition out, and has to be told that we do.
    runs = Run.objects.filter(workflow_id=OuterRef("pk")).exclude(workflow_id="")
    newest = runs.order_by("-created_at").values("created_at")[:1]
    return rows.annotate(last_run_at=Subquery(newest))
