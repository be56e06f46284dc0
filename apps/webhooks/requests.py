"""Reading webhooks from requests."""

from datetime import timedelta
from typing import Final

from apps.api.body import Body
from apps.api.tags import read_tags
from apps.deliveries.client import URL_CHARS_MAX, url_problem
from apps.source_events.catalog import TYPE_CHARS_MAX
from apps.webhooks.arming import event_problem
from apps.webhooks.services.create import NewWebhook
from apps.webhooks.services.update import Changes

NAME_CHARS_MAX: Final = 128
EVENTS_MAX: Final = 100
SECRET_CHARS_MAX: Final = 1024
OVERLAP_DEFAULT: Final = timedelta(days=1)
OVERLAP_MAX: Final = timedelta(days=7)


def read_new_webhook(data: object) -> NewWebhook:
    """Return a webhook to create.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    new = NewWebhook(
        name=body.text("name", max_length=NAME_CHARS_MAX),
        url=_url(body) or "",
        events=_events(body) or [],
        enabled=body.flag("enabled", default=True),
        tags=read_tags(body) or {},
        secret=_secret(body) or "",
    )
    body.finish()
    return new


def read_changes(data: object) -> Changes:
    """Return changes of a webhook.

    Raises:
        Invalid: names every field that is wrong.
    """
    body = Body(data)
    changes = Changes(
        name=body.text("name", default=None, max_length=NAME_CHARS_MAX),
        url=_url(body),
        events=_events(body),
        enabled=body.flag("enabled", default=None),
        tags=read_tags(body),
        secret=_secret(body),
    )
    body.finish()
    return changes


def read_overlap(data: object) -> timedelta:
    """Return for how long the key that is replaced stays good.

    Raises:
        Invalid: it is not a number of seconds up to a week.
    """
    body = Body(data)
    seconds = body.integer(
        "overlap_seconds",
        default=int(OVERLAP_DEFAULT.total_seconds()),
        maximum=int(OVERLAP_MAX.total_seconds()),
    )
    body.finish()
    return timedelta(seconds=seconds)


def read_ping_url(data: object) -> str:
    """Return where to ping instead of the webhook's own address, or nothing.

    Raises:
        Invalid: it is no address that messages may go to.
    """
    body = Body(data)
    url = _url(body)
    body.finish()
    return url or ""


def _url(body: Body) -> str | None:
    url: str | None = body.text(
        "url", default=None, min_length=0, max_length=URL_CHARS_MAX
    )
    if url:
        problem = url_problem(url)
        if problem:
            body.problem("url", problem)
    return url


def _events(body: Body) -> list[str] | None:
    if not body.has("events"):
        body.value("events", default=None)
        return None
    names = body.texts("events", max_items=EVENTS_MAX, max_length=TYPE_CHARS_MAX)
    for index, name in enumerate(names):
        problem = event_problem(name)
        if problem:
            body.problem(f"events[{index}]", problem)
    return list(dict.fromkeys(names))


def _secret(body: Body) -> str | None:
    secret: str | None = body.text(
        "secret", default=None, min_length=0, max_length=SECRET_CHARS_MAX
    )
    return secret
