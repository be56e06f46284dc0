"""What the reference says of the audit log."""

from typing import Final

from apps.api.reference import Operation, Part, paged
from apps.api.schemas import (
    Schema,
    anything,
    id_example,
    identifier,
    instant,
    mapping,
    record,
    text,
    whole,
)
from apps.audit.models import HASH_CHARS
from apps.audit.selectors import ACTIONS
from apps.audit.views import OrganizationLogViewSet, ProjectLogViewSet
from apps.audit.watched import WATCHED
from apps.kernel.ids import IdKind

_ACTION: Final = text("", "update", choices=ACTIONS)
_RESOURCE_TYPE: Final = text(
    "",
    "trigger",
    choices=sorted({watched.resource for watched in WATCHED.values()}),
)
_SOURCE: Final = text("`api`, `admin`, `page` or `system`.", "api")
_PRINCIPAL: Final = text(
    "A principal, or `account:…` on pages.",
    id_example(IdKind.PRINCIPAL),
    maxLength=255,
)
_CHANGE: Final[Schema] = {
    "type": "object",
    "properties": {"before": anything("", "old"), "after": anything("", "new")},
}
_FILTERS: Final[dict[str, Schema]] = {
    "resource_type": _RESOURCE_TYPE,
    "resource_id": text("", id_example(IdKind.TRIGGER), maxLength=255),
    "action": _ACTION,
    "project_id": text("", id_example(IdKind.PROJECT), maxLength=255),
    "user_id": _PRINCIPAL,
    "actor_id": {**_PRINCIPAL, "description": "The same as `user_id`."},
    "actor_type": text(
        "`human`, `service`, `agent`, or `account` on pages.", "service", maxLength=255
    ),
    "source": {**_SOURCE, "maxLength": 255},
    "credential_id": text("", id_example(IdKind.API_KEY), maxLength=255),
    "created_after": instant("Later than this."),
    "created_before": instant("Earlier than this."),
}

PART: Final = Part(
    title="Audit log",
    about="Who changed what of the configuration: written by the database, each record"
    " chained to the one before by its hash, never changed.",
    operations={
        (OrganizationLogViewSet, "list"): Operation(
            id="listAuditLogs",
            summary="List audit records of the organization",
            query=_FILTERS,
            answers=paged(
                "AuditRecord",
                "A page, newest first: of all projects for who manages them and for the"
                " organization's keys, else of the project of the key.",
            ),
        ),
        (ProjectLogViewSet, "list"): Operation(
            id="listProjectAuditLogs",
            summary="List audit records of a project",
            query=_FILTERS,
            answers=paged("AuditRecord"),
        ),
    },
    schemas={
        "AuditRecord": record(
            "One change of one object.",
            {
                "id": text("", "aud_0193b7c2", pattern="^aud_[0-9a-f]+$"),
                "number": whole("Counts in the organization, from 1 without a gap."),
                "action": _ACTION,
                "resource_type": _RESOURCE_TYPE,
                "resource_id": text("", id_example(IdKind.TRIGGER)),
                "changes": mapping(
                    "By field; what is secret shows as `(hidden)`. What was null, or"
                    " is, is left out.",
                    {"name": {"before": "old", "after": "new"}},
                    values=_CHANGE,
                ),
                "hash": text(
                    "SHA-256 of the record and of the hash before.",
                    "9f" * (HASH_CHARS // 2),
                    pattern=f"^[0-9a-f]{{{HASH_CHARS}}}$",
                ),
                "created_at": instant(),
            },
            {
                "resource_name": text("Its name at the time.", "Nightly"),
                "project_id": identifier(IdKind.PROJECT),
                "user_id": _PRINCIPAL,
                "actor_name": text("", "ci"),
                "actor_type": text(
                    "The kind of who acted, else the source.", "service"
                ),
                "source": _SOURCE,
                "credential_id": identifier(IdKind.API_KEY),
                "credential_name": text("", "ci"),
                "ip_address": text("", "192.0.2.7"),
                "user_agent": text("", "curl/8.5.0"),
            },
        )
    },
)
