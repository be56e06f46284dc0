"""The permission catalogue and the built-in roles."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """What a role can allow. Every endpoint names exactly one."""

    PROJECT_VIEW = "mobius.project.view"
    PROJECT_ADMIN = "mobius.project.admin"
    ACCESS_MANAGE = "mobius.access.manage"
    WORKFLOW_VIEW = "mobius.workflow.view"
    WORKFLOW_EDIT = "mobius.workflow.edit"
    RUN_VIEW = "mobius.run.view"
    RUN_START = "mobius.run.start"
    RUN_CONTROL = "mobius.run.control"
    JOB_CLAIM = "mobius.job.claim"
    JOB_REPORT = "mobius.job.report"
    JOB_EMIT_EVENT = "mobius.job.emit_event"
    WORKER_VIEW = "mobius.worker.view"
    INTERACTION_VIEW = "mobius.interaction.view"
    INTERACTION_RESPOND = "mobius.interaction.respond"
    INTERACTION_RESPOND_FOR_OTHERS = "mobius.interaction.respond_for_others"
    INTERACTION_MANAGE = "mobius.interaction.manage"
    GROUP_VIEW = "mobius.group.view"
    GROUP_MANAGE = "mobius.group.manage"
    SOURCE_EVENT_VIEW = "mobius.source_event.view"
    SOURCE_EVENT_PUBLISH = "mobius.source_event.publish"
    TRIGGER_VIEW = "mobius.trigger.view"
    TRIGGER_MANAGE = "mobius.trigger.manage"
    INTEGRATION_VIEW = "mobius.integration.view"
    INTEGRATION_MANAGE = "mobius.integration.manage"
    WEBHOOK_VIEW = "mobius.webhook.view"
    WEBHOOK_MANAGE = "mobius.webhook.manage"
    SECRET_VIEW = "mobius.secret.view"  # noqa: S105
    SECRET_MANAGE = "mobius.secret.manage"  # noqa: S105


_P = Permission
_VIEW: Final = frozenset(
    {
        _P.PROJECT_VIEW,
        _P.WORKFLOW_VIEW,
        _P.RUN_VIEW,
        _P.WORKER_VIEW,
        _P.INTERACTION_VIEW,
        _P.GROUP_VIEW,
        _P.TRIGGER_VIEW,
        _P.INTEGRATION_VIEW,
        _P.WEBHOOK_VIEW,
        _P.SOURCE_EVENT_VIEW,
    }
)
_WORK: Final = frozenset(
    {
        _P.PROJECT_VIEW,
        _P.WORKER_VIEW,
        _P.JOB_CLAIM,
        _P.JOB_REPORT,
        _P.JOB_EMIT_EVENT,
        _P.SOURCE_EVENT_PUBLISH,
    }
)
_OPERATE: Final = _VIEW | {
    _P.RUN_START,
    _P.RUN_CONTROL,
    _P.INTERACTION_RESPOND,
    _P.INTERACTION_MANAGE,
    _P.SOURCE_EVENT_PUBLISH,
    _P.SECRET_VIEW,
}
_EDIT: Final = _OPERATE | {
    _P.WORKFLOW_EDIT,
    _P.GROUP_MANAGE,
    _P.TRIGGER_MANAGE,
    _P.INTEGRATION_MANAGE,
    _P.WEBHOOK_MANAGE,
}
_ALL: Final = frozenset(Permission)

#: name -> (description, permissions). System roles: assignable, never changed.
BUILT_IN_ROLES: Final[Mapping[str, tuple[str, frozenset[Permission]]]] = {
    "Owner": ("Everything, including who may do what", _ALL),
    "Admin": ("Everything in the project, access included", _ALL),
    "Editor": ("Write workflows, form groups, start and steer runs, answer", _EDIT),
    "Operator": ("Start and steer runs, answer interactions", _OPERATE),
    "Worker": ("Claim jobs and report them", _WORK),
    "Viewer": ("Read everything, change nothing", _VIEW),
}
