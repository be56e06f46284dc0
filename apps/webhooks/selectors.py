"""Reading webhooks. Every query of a request starts from the project."""

from typing import Final

from django.db.models import QuerySet
from django.http import QueryDict

from apps.api.body import invalid_field
from apps.api.tags import filter_by_tags
from apps.kernel.errors import NotFound
from apps.webhooks.models import Webhook

_YES_NO: Final = {"true": True, "1": True, "false": False, "0": False}


def list_webhooks(project_id: str, query: QueryDict) -> QuerySet[Webhook]:
    """Return the webhooks of a project that match the filters of the list: ``enabled``
    and any number of ``tag``, as ``key``, ``key:value`` or ``key:one,other``.

    Raises:
        Invalid: ``enabled`` is neither true nor false.
    """
    rows = Webhook.objects.filter(project_id=project_id)
    enabled = query.get("enabled", "").lower()
    if enabled:
        if enabled not in _YES_NO:
            raise invalid_field("enabled", "expected true or false")
        rows = rows.filter(enabled=_YES_NO[enabled])
    tags = query.getlist("tag")
    if any("\x00" in tag for tag in tags):
        raise invalid_field("tag", "must not contain the character NUL")
    return filter_by_tags(rows, tags)


def find_webhook(
    project_id: str, webhook_id: str, *, for_update: bool = False
) -> Webhook:
    """Return one webhook, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such webhook.
    """
    rows = Webhook.objects.filter(project_id=project_id, id=webhook_id)
    webhook = (rows.select_for_update() if for_update else rows).first()
    if webhook is None:
        raise NotFound(f"webhook {webhook_id} not found")
    return webhook
