"""Publish a version of an automation."""

from datetime import datetime

from django.db import transaction

from apps.definitions.lifecycle import follow, make_current
from apps.definitions.selectors import find_definition
from apps.definitions.services.add_version import refuse_archived
from apps.workflows.models import Dialect, Workflow
from apps.workflows.selectors import find_version


@transaction.atomic
def publish_version(
    project_id: str, automation: str, number: str, *, by: str, now: datetime
) -> Workflow:
    """Make a version the one that runs, an earlier one as well; once is enough.

    The version before is superseded, a draft automation becomes active, and the
    triggers become those of the version's block. Runs go on with what they began.

    Raises:
        NotFound: the project has no such automation, or it has no such version.
        Conflict: the automation is archived, or the handle of a trigger is taken.
    """
    definition = find_definition(
        project_id, Dialect.AUTOMATION, automation, for_update=True
    )
    version = find_version(definition, number)
    refuse_archived(definition)
    if version.version != definition.published_version:
        make_current(definition, version, now)
        follow(definition, by=by, now=now)
        definition.updated_at = now
        definition.save()
    return definition
