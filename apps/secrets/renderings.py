"""Secrets as the API shows them: never with a value."""

from typing import Any

from apps.api.rendering import instant, present
from apps.secrets.models import Secret, SecretVersion


def render_secret(secret: Secret) -> dict[str, Any]:
    """Return a secret with the names of its keys."""
    return present(
        id=secret.id,
        name=secret.name,
        description=secret.description or None,
        version=secret.version,
        key_names=secret.key_names,
        created_by=secret.created_by or None,
        updated_by=secret.updated_by or None,
        created_at=instant(secret.created_at),
        updated_at=instant(secret.updated_at),
    )


def render_version(version: SecretVersion) -> dict[str, Any]:
    """Return a version with its state."""
    return present(
        id=version.id,
        secret_id=version.secret_id,
        version=version.version,
        state=version.state,
        sha256=version.sha256,
        created_by=version.created_by or None,
        created_at=instant(version.created_at),
        destroyed_at=instant(version.destroyed_at),
    )
