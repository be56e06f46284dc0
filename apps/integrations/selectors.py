"""Reading integrations. Every query of a request starts from the project."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Collate

from apps.api.body import invalid_field
from apps.integrations.models import Integration, Provider
from apps.kernel.errors import NotFound
from apps.source_events.models import SourceEvent

_YES_NO: Final = {"true": True, "1": True, "false": False, "0": False}


def list_integrations(
    project_id: str, query: Mapping[str, Any]
) -> QuerySet[Integration]:
    """Return the integrations of a project that match the filters of the list.

    Raises:
        Invalid: ``provider`` or ``enabled`` is none.
    """
    rows = with_last_event(Integration.objects.filter(project_id=project_id))
    provider = str(query.get("provider") or "")
    if provider:
        if provider not in Provider.values:
            known = ", ".join(Provider.values)
            raise invalid_field("provider", f"expected one of {known}")
        rows = rows.filter(provider=provider)
    enabled = str(query.get("enabled") or "").lower()
    if enabled:
        if enabled not in _YES_NO:
            raise invalid_field("enabled", "expected true or false")
        rows = rows.filter(enabled=_YES_NO[enabled])
    return rows


def find_integration(
    project_id: str, integration_id: str, *, for_update: bool = False
) -> Integration:
    """Return one integration, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such integration.
    """
    rows = Integration.objects.filter(project_id=project_id, id=integration_id)
    rows = rows.select_for_update() if for_update else with_last_event(rows)
    integration = rows.first()
    if integration is None:
        raise NotFound(f"integration {integration_id} not found")
    return integration


def with_last_event(rows: QuerySet[Integration]) -> QuerySet[Integration]:
    """Add ``last_event_at``: when the newest event that is still kept was appended."""
    # Ids compare byte by byte, sources of events do not: their index decides.
    of_it = SourceEvent.objects.filter(
        source_id=Collate(OuterRef("id"), "default"), public=True
    )
    newest = of_it.order_by("-created_at").values("created_at")[:1]
    return rows.annotate(last_event_at=Subquery(newest))


def find_by_handle(provider: str, handle: str) -> Integration | None:
    """Return the enabled integration of an address, None if there is none."""
    if "\x00" in handle or provider not in Provider.values:
        return None
    rows = Integration.objects.filter(handle=handle, provider=provider, enabled=True)
    return rows.first()


def connected_providers(project_id: str) -> set[str]:
    """Return the providers of which a project has an enabled integration."""
    rows = Integration.objects.filter(project_id=project_id, enabled=True)
    return set(rows.values_list("provider", flat=True))
