"""Reading definitions. Every query starts from the project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection
from django.db.models import F, QuerySet

from apps.api.body import invalid_field
from apps.api.pagination import LIMIT_MAX, decode_cursor, encode_cursor, read_limit
from apps.kernel.errors import Conflict, NotFound
from apps.kernel.ids import IdKind
from apps.workflows.models import (
    HIDDEN,
    DefinitionStatus,
    Dialect,
    Spec,
    Workflow,
    WorkflowVersion,
)

_ID_PREFIX = f"{IdKind.WORKFLOW.value}_"

_RUNNABLE = """
SELECT w.status, w.id, w.name, w.handle, v.version, v.spec_id, v.id, w.dialect,
       w.defaults::text
FROM workflows_workflow w
LEFT JOIN workflows_workflowversion v ON v.workflow_id = w.id AND v.version =
    CASE WHEN w.dialect = 'workflow' THEN w.latest_version ELSE w.published_version END
WHERE w.project_id = %s AND w.{column} = %s
"""


@dataclass(frozen=True, slots=True)
class Runnable:
    """What a run needs to know of the definition it starts from.

    ``defaults`` are inputs for whoever does not say otherwise.
    """

    workflow_id: str
    name: str
    handle: str
    version: int
    spec_digest: str
    version_id: str
    dialect: str
    defaults: Mapping[str, Any]


def runnable(project_id: str, id_or_handle: str) -> Runnable:
    """Return what the next run of a definition executes, ready to be pinned, in one
    query: the latest version of a workflow, else the published one.

    Raises:
        NotFound: the project has no such definition.
        Conflict: it is paused, or nothing of it is published.
    """
    column = _column(id_or_handle)
    with connection.cursor() as cursor:
        cursor.execute(_RUNNABLE.format(column=column), [project_id, id_or_handle])
        row = cursor.fetchone()
    if row is None or row[0] in HIDDEN:
        raise _missing(id_or_handle)
    status, *facts, defaults = row
    if status == DefinitionStatus.PAUSED:
        raise Conflict(f"{facts[1]} is paused", code="paused", status=status)
    if facts[3] is None:
        raise Conflict(
            f"{facts[1]} has no published version", code="not_published", status=status
        )
    values = [*facts, orjson.loads(defaults)]
    return Runnable(*values)


def list_workflows(project_id: str) -> QuerySet[Workflow]:
    """Return the workflows of a project: not its automations and loops."""
    return Workflow.objects.filter(project_id=project_id, dialect=Dialect.WORKFLOW)


def find_workflow(
    project_id: str, id_or_handle: str, *, for_update: bool = False
) -> Workflow:
    """Return one workflow, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such workflow.
    """
    rows = list_workflows(project_id)
    if for_update:
        rows = rows.select_for_update()
    workflow = rows.filter(**{_column(id_or_handle): id_or_handle}).first()
    if workflow is None:
        raise _missing(id_or_handle)
    return workflow


def find_definition(
    project_id: str, id_or_handle: str, dialect: Dialect
) -> Workflow | None:
    """Return a definition of one dialect by its id or handle, hidden ones as well."""
    rows = Workflow.objects.filter(project_id=project_id, dialect=dialect)
    return rows.filter(**{_column(id_or_handle): id_or_handle}).first()


def latest_spec(workflow: Workflow) -> str:
    """Return the digest of the spec that the next run of ``workflow`` executes."""
    return WorkflowVersion.objects.values_list("spec_id", flat=True).get(
        workflow=workflow, version=workflow.latest_version
    )


def latest_body(workflow: Workflow) -> Any:
    """Return the latest spec as it was sent."""
    return Spec.objects.values_list("body", flat=True).get(
        workflowversion__workflow=workflow,
        workflowversion__version=F("workflowversion__workflow__latest_version"),
    )


def page_of_versions(
    workflow: Workflow,
    query: Mapping[str, Any],
    render: Callable[[WorkflowVersion], dict[str, Any]],
) -> dict[str, Any]:
    """Return a page of versions with their specs at hand, newest first.

    Without ``limit`` it is as long as a page can be: early clients do not page here.

    Raises:
        Invalid: ``cursor`` or ``limit`` is malformed.
    """
    limit = read_limit(query, LIMIT_MAX)
    rows = workflow.versions.select_related("spec").order_by("-version")
    if cursor := query.get("cursor"):
        (before,) = decode_cursor(str(cursor), 1)
        if not isinstance(before, int):
            raise invalid_field("cursor", "expected a next_cursor")
        rows = rows.filter(version__lt=before)
    found = list(rows[: limit + 1])
    page: dict[str, Any] = {
        "items": [render(version) for version in found[:limit]],
        "has_more": len(found) > limit,
    }
    if page["has_more"]:
        page["next_cursor"] = encode_cursor(found[limit - 1].version)
    return page


def find_version(workflow: Workflow, number: str) -> WorkflowVersion:
    """Return one version with its spec at hand; ``number`` as it stands in a path.

    Raises:
        NotFound: the workflow has no such version.
    """
    version = None
    if number.isascii() and number.isdigit():
        versions = workflow.versions.select_related("spec")
        version = versions.filter(version=int(number)).first()
    if version is None:
        raise NotFound(f"version {number} of workflow {workflow.id} not found")
    return version


def _column(id_or_handle: str) -> str:
    """Ids hold an underscore and handles never do, so one of two indexes is enough."""
    return "id" if id_or_handle.startswith(_ID_PREFIX) else "handle"


def _missing(id_or_handle: str) -> NotFound:
    return NotFound(f"workflow {id_or_handle} not found")
