"""Create a webhook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction

from apps.webhooks.arming import arm
from apps.webhooks.keys import give_new_key, take_chosen_secret
from apps.webhooks.models import Webhook
from apps.webhooks.uniqueness import taken


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook as it was sent. Without ``secret`` it gets a key of ours."""

    name: str
    url: str = ""
    events: Sequence[str] = ()
    enabled: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)


class Shown(NamedTuple):
    """A webhook, and its new key where there is one: it is never shown again."""

    webhook: Webhook
    signing_secret: str

    def __repr__(self) -> str:
        return f"Shown({self.webhook!r})"


@transaction.atomic
def create_webhook(
    project_id: str, new: NewWebhook, *, created_by: str, now: datetime
) -> Shown:
    """Create a webhook; it hears what is appended after the commit.

    Raises:
        Conflict: the project has a webhook of this name.
    """
    webhook = Webhook(
        project_id=project_id,
        name=new.name,
        url=new.url,
        events=list(new.events),
        enabled=new.enabled,
        tags=dict(new.tags),
        created_by=created_by,
        updated_by=created_by,
        created_at=now,
        updated_at=now,
    )
    key = ""
    if new.secret:
        take_chosen_secret(webhook, new.secret, by=created_by, now=now)
    else:
        key = give_new_key(webhook, by=created_by, now=now)
    try:
        with transaction.atomic():
            webhook.save(force_insert=True)
    except IntegrityError as error:
        raise taken(error, new.name) from None
    arm(webhook)
    return Shown(webhook, key)
