"""The permission catalogue on the wire."""

from functools import cache
from typing import Any

from apps.identity.models import PrincipalKind
from apps.identity.permissions import BUILT_IN_ROLES, CATALOGUE, OF_ORGANIZATION


@cache
def render_catalogue() -> dict[str, Any]:
    """Return every permission, and the built-in roles as presets.

    ``permissions`` are the items once more, as older clients call them. Actions have
    no permissions of their own, so there are no groups of them.
    """
    items = [
        {
            "id": permission.value,
            "label": meaning.label,
            "description": meaning.description,
            "scope": meaning.scope,
            "category": meaning.category,
            "risk": meaning.risk,
            "assignable": True,
            "user_kinds": list(PrincipalKind.values),
        }
        for permission, meaning in CATALOGUE.items()
    ]
    presets = [
        {
            "id": name.lower(),
            "label": name,
            "description": description,
            "scope": "org" if allowed & OF_ORGANIZATION else "project",
            "permissions": sorted(allowed),
        }
        for name, (description, allowed) in BUILT_IN_ROLES.items()
    ]
    return {
        "items": items,
        "has_more": False,
        "permissions": items,
        "presets": presets,
        "action_groups": [],
    }
