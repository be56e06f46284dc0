"""Take a delivery of a provider, durably, and answer at once."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from apps.integrations.addresses import receive_url
from apps.integrations.arrivals import Credentials, Delivery, Greeting, Happening
from apps.integrations.models import Integration, Provider
from apps.integrations.providers import github, gmail, jira, linear, slack
from apps.kernel.errors import TooLarge
from apps.secrets.cipher import unseal
from apps.source_events.services.append import Appended
from apps.source_events.services.append_public import append_public

#: A notification of Gmail is a few hundred bytes.
GMAIL_BYTES_MAX: Final = 64 * 1024

Read = Callable[[Delivery, Credentials, datetime], Happening | Greeting]
_READERS: Final[Mapping[str, Read]] = {
    Provider.GITHUB: github.read,
    Provider.LINEAR: linear.read,
    Provider.SLACK: slack.read,
    Provider.JIRA: jira.read,
    Provider.GMAIL: gmail.read,
}


def receive_delivery(
    integration: Integration, delivery: Delivery, *, now: datetime
) -> Appended | Greeting:
    """Append what a delivery tells as a public event; the first of its id counts.

    Keys of Google may have to be fetched: not to be called in a transaction.

    Raises:
        TooLarge: the body is over what the provider may send.
        Unauthenticated: the signature is not the provider's, or too old.
        PermissionDenied: it is Google's, of another subscription.
        Invalid: the body cannot be read or names no event.
        Unavailable: Google's keys cannot be had at the moment.
    """
    most = settings.INTEGRATION_BYTES_MAX
    if integration.provider == Provider.GMAIL:
        most = min(most, GMAIL_BYTES_MAX)
    if len(delivery.body) > most:
        raise TooLarge.of("the delivery", len(delivery.body), most)
    read = _READERS[integration.provider]
    told = read(delivery, _credentials(integration), now)
    if isinstance(told, Greeting):
        return told
    meta = {
        **told.meta,
        "integration_id": integration.id,
        "provider": integration.provider,
        "delivery_id": told.delivery_id,
    }
    with transaction.atomic():
        return append_public(
            integration.project_id,
            told.event_type,
            source_id=integration.id,
            event=told.event,
            meta=meta,
            dedup_key=f"integration:{integration.id}:{told.delivery_id}",
            now=now,
        )


def _credentials(integration: Integration) -> Credentials:
    sealed = integration.sealed_secret
    secret = unseal(integration.id, sealed)["secret"] if sealed else ""
    return Credentials(secret, integration.config, receive_url(integration))
