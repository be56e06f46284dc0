"""``{% moment at %}``: an instant as people say it, the exact one behind it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import format_html

from apps.inbox.words import exact, relative

register = template.Library()


@register.simple_tag(takes_context=True)
def moment(context: Mapping[str, Any], at: datetime | None) -> str:
    """Return a ``time`` element; the page's ``now`` is what it is seen from."""
    if at is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}" data-moment>{}</time>',
        at.isoformat(),
        exact(at),
        relative(at, context["now"]),
    )
