"""What the reference says of the keys of an organization."""

from dataclasses import replace
from typing import Final

from apps.api.reference import Operation, Part, denied, paged, shown
from apps.api.schemas import body, either, record, ref, text
from apps.identity.organization_key_views import OrganizationKeyViewSet
from apps.identity.reference_keys import (
    KEY,
    KEY_NAME,
    NEW_KEY,
    NEW_KEY_END,
    NEW_KEY_EXAMPLE,
    ONE_HOLDER,
    PART,
    SECRET,
    TIMES,
    TOLD,
)
from apps.identity.reference_words import TAGS
from apps.identity.services.issue_organization_key import DEFAULT_ROLE, ROLES

_PLACE: Final = {
    "project_id": text(
        "A project, by handle or id: then it is about the keys of that project.",
        "default",
    )
}
_ROLE: Final = text("Its role in every project.", DEFAULT_ROLE, choices=ROLES)
_KEY: Final = {
    **{name: schema for name, schema in KEY.items() if name != "project_id"},
    "org_role": _ROLE,
}
_TOLD: Final = {
    name: schema for name, schema in TOLD.items() if name != "scope_role_id"
}
_ANSWERS: Final = {
    "list": paged("KeyOfEither"),
    "create": shown("IssuedKeyOfEither", "The key, with its secret: this once.", 201),
    "retrieve": shown("KeyOfEither", "The key, a revoked one too."),
    "partial_update": shown("KeyOfEither", "The changed key."),
    "rotate": shown("IssuedKeyOfEither", "The new key, with its secret.", 201),
}
_WORDS: Final = {
    "list": ("listOrganizationApiKeys", "List API keys of the organization"),
    "create": ("createOrganizationApiKey", "Issue an API key of the organization"),
    "retrieve": ("getOrganizationApiKey", "Get an API key of the organization"),
    "partial_update": (
        "updateOrganizationApiKey",
        "Change an API key of the organization",
    ),
    "rotate": (
        "rotateOrganizationApiKey",
        "Put a new API key in the place of one of the organization",
    ),
    "destroy": ("revokeOrganizationApiKey", "Revoke an API key of the organization"),
}


def _operation(action: str, of_project: Operation) -> Operation:
    """Return the endpoint that does for an organization what another does for a
    project, which it does as well where ``project_id`` names one."""
    id_, summary = _WORDS[action]
    return replace(
        of_project,
        id=id_,
        summary=summary,
        query={**_PLACE, **of_project.query},
        body=ref("NewKeyOfEither") if action == "create" else of_project.body,
        answers=_ANSWERS.get(action, of_project.answers),
        refusals=(
            *of_project.refusals,
            denied("The caller's key is of a project, and none is named."),
        ),
    )


ORGANIZATION_PART: Final = Part(
    title="API keys",
    about="",
    operations={
        (OrganizationKeyViewSet, action): _operation(action, operation)
        for (_, action), operation in PART.operations.items()
    },
    schemas={
        "OrganizationApiKey": record(
            "A key that works in every project of the organization, without its"
            " secret. Its principal is the organization's own.",
            _KEY,
            {**_TOLD, **TIMES},
        ),
        "IssuedOrganizationApiKey": record("A new one.", _KEY, {**_TOLD, **SECRET}),
        "KeyOfEither": either(
            ref("OrganizationApiKey"),
            ref("ApiKey"),
            about="Of the organization; of a project if one is named.",
        ),
        "IssuedKeyOfEither": either(
            ref("IssuedOrganizationApiKey"),
            ref("IssuedApiKey"),
            about="Of the organization; of a project if one is named.",
        ),
        "NewOrganizationApiKey": body(
            "",
            {"name": KEY_NAME},
            {
                "role": {**_ROLE, "default": DEFAULT_ROLE},
                "expires_at": NEW_KEY_END,
                "tags": TAGS,
            },
        ),
        "NewApiKeyOfProject": body(
            "As in a project, which `project_id` names here or in the query.",
            {"name": KEY_NAME},
            {**NEW_KEY, **_PLACE},
            example={**NEW_KEY_EXAMPLE, "project_id": "default"},
            **ONE_HOLDER,
        ),
        "NewKeyOfEither": either(
            ref("NewOrganizationApiKey"), ref("NewApiKeyOfProject")
        ),
    },
)
