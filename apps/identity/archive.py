"""What an archived project answers to whoever wants to begin something in it."""

from apps.kernel.errors import Conflict


def project_archived(handle: str) -> Conflict:
    """Return the refusal of a project that is archived."""
    return Conflict(
        f"project {handle} is archived; restore it first",
        code="project_archived",
        project=handle,
    )
