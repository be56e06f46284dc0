"""The permission catalogue and the built-in roles."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Permission(StrEnum):
    """What a role can allow. Every endpoint names exactly one."""

    ORG_PROJECTS_MANAGE = "mobius.org.projects.manage"
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
    ACTION_VIEW = "mobius.action.view"
    ACTION_MANAGE = "mobius.action.manage"
    ACTION_INVOKE = "mobius.action.invoke"
    AGENT_VIEW = "mobius.agent.view"
    AGENT_MANAGE = "mobius.agent.manage"
    SESSION_VIEW = "mobius.session.view"
    SESSION_WRITE = "mobius.session.write"
    AUDIT_VIEW = "mobius.audit.view"
    WEBHOOK_VIEW = "mobius.webhook.view"
    WEBHOOK_MANAGE = "mobius.webhook.manage"
    SECRET_VIEW = "mobius.secret.view"  # noqa: S105
    SECRET_MANAGE = "mobius.secret.manage"  # noqa: S105


class Meaning(NamedTuple):
    """What a permission means to people. ``risk`` is what it can do in wrong hands:
    low, medium, high or critical. ``scope`` is ``org`` where it reaches other projects
    of the organization."""

    label: str
    description: str
    category: str
    risk: str
    scope: str = "project"


_P = Permission

#: All there is to know about each permission, in the order in which it is shown.
CATALOGUE: Final[Mapping[Permission, Meaning]] = {
    _P.ORG_PROJECTS_MANAGE: Meaning(
        "Manage projects",
        "Create projects of the organization, archive and restore them, see them all",
        "project",
        "critical",
        "org",
    ),
    _P.PROJECT_VIEW: Meaning(
        "View the project",
        "See the project, its people, roles and catalogues",
        "project",
        "low",
    ),
    _P.PROJECT_ADMIN: Meaning(
        "Change the project",
        "Change how the project is called, described and kept",
        "project",
        "high",
    ),
    _P.ACCESS_MANAGE: Meaning(
        "Manage access",
        "Give and take roles, keys and memberships, up to one's own",
        "access",
        "critical",
    ),
    _P.WORKFLOW_VIEW: Meaning(
        "View definitions",
        "Read workflows, automations and loops with their versions",
        "automations",
        "low",
    ),
    _P.WORKFLOW_EDIT: Meaning(
        "Edit definitions",
        "Create, change and delete workflows, automations and loops",
        "automations",
        "high",
    ),
    _P.TRIGGER_VIEW: Meaning(
        "View triggers", "Read triggers and their fires", "automations", "low"
    ),
    _P.TRIGGER_MANAGE: Meaning(
        "Manage triggers",
        "Create, change and delete what starts runs by itself",
        "automations",
        "high",
    ),
    _P.RUN_VIEW: Meaning(
        "View runs", "Read runs, their inputs, results and timelines", "runs", "low"
    ),
    _P.RUN_START: Meaning(
        "Start runs", "Start runs and fire triggers by hand", "runs", "medium"
    ),
    _P.RUN_CONTROL: Meaning(
        "Control runs", "Cancel, retry, resume and signal runs", "runs", "medium"
    ),
    _P.JOB_CLAIM: Meaning(
        "Claim jobs", "Take jobs with their parameters and keep them", "work", "medium"
    ),
    _P.JOB_REPORT: Meaning(
        "Report jobs", "Complete jobs and ask people from them", "work", "medium"
    ),
    _P.JOB_EMIT_EVENT: Meaning(
        "Emit job events", "Add a worker's own lines to timelines", "work", "low"
    ),
    _P.WORKER_VIEW: Meaning(
        "View workers", "See which workers were there lately", "work", "low"
    ),
    _P.INTERACTION_VIEW: Meaning(
        "View questions", "Read questions to people and their answers", "work", "low"
    ),
    _P.INTERACTION_RESPOND: Meaning(
        "Answer questions",
        "Answer what one is asked; as a service also for those who are asked",
        "work",
        "medium",
    ),
    _P.INTERACTION_RESPOND_FOR_OTHERS: Meaning(
        "Answer for others",
        "Answer in the place of somebody else, as a person",
        "work",
        "high",
    ),
    _P.INTERACTION_MANAGE: Meaning(
        "Manage questions", "Ask people, cancel and delete questions", "work", "medium"
    ),
    _P.GROUP_VIEW: Meaning(
        "View groups", "See groups and who is in them", "access", "low"
    ),
    _P.GROUP_MANAGE: Meaning(
        "Manage groups", "Create groups and choose who is in them", "access", "medium"
    ),
    _P.SOURCE_EVENT_VIEW: Meaning(
        "View source events", "Read what happened in the project", "integrations", "low"
    ),
    _P.SOURCE_EVENT_PUBLISH: Meaning(
        "Publish source events",
        "Say that something happened, which may start runs",
        "integrations",
        "medium",
    ),
    _P.INTEGRATION_VIEW: Meaning(
        "View integrations", "See which providers report here", "integrations", "low"
    ),
    _P.INTEGRATION_MANAGE: Meaning(
        "Manage integrations",
        "Connect and disconnect providers",
        "integrations",
        "high",
    ),
    _P.ACTION_VIEW: Meaning(
        "View actions", "See what can be called, and what was", "integrations", "low"
    ),
    _P.ACTION_MANAGE: Meaning(
        "Manage actions",
        "Create, change and delete endpoints that the server calls",
        "integrations",
        "high",
    ),
    _P.ACTION_INVOKE: Meaning(
        "Call actions", "Have an action done directly", "integrations", "medium"
    ),
    _P.AGENT_VIEW: Meaning(
        "View agents", "Read agents and what they are told to be", "work", "low"
    ),
    _P.AGENT_MANAGE: Meaning(
        "Manage agents",
        "Create, change and archive agents, and speak for each of them",
        "work",
        "high",
    ),
    _P.SESSION_VIEW: Meaning(
        "View sessions", "Read conversations with agents, also live", "work", "low"
    ),
    _P.SESSION_WRITE: Meaning(
        "Write in sessions",
        "Open, close and delete conversations, and speak as the user",
        "work",
        "medium",
    ),
    _P.AUDIT_VIEW: Meaning(
        "View the audit log",
        "See who changed what of the configuration",
        "audit",
        "medium",
    ),
    _P.WEBHOOK_VIEW: Meaning(
        "View webhooks",
        "Read webhooks and what was sent to them, never keys",
        "integrations",
        "low",
    ),
    _P.WEBHOOK_MANAGE: Meaning(
        "Manage webhooks",
        "Say who outside is told of events, rotate keys, send again",
        "integrations",
        "high",
    ),
    _P.SECRET_VIEW: Meaning(
        "View secrets",
        "See names and versions of secrets, never values",
        "integrations",
        "medium",
    ),
    _P.SECRET_MANAGE: Meaning(
        "Manage secrets",
        "Store, replace and destroy secret values",
        "integrations",
        "critical",
    ),
}
#: Permissions that reach beyond the project.
OF_ORGANIZATION: Final = frozenset(
    permission for permission, meaning in CATALOGUE.items() if meaning.scope == "org"
)

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
        _P.ACTION_VIEW,
        _P.AGENT_VIEW,
        _P.SESSION_VIEW,
    }
)
_AGENT: Final = _VIEW | {_P.SESSION_WRITE}
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
    _P.ACTION_INVOKE,
    _P.SESSION_WRITE,
}
_EDIT: Final = _OPERATE | {
    _P.WORKFLOW_EDIT,
    _P.GROUP_MANAGE,
    _P.TRIGGER_MANAGE,
    _P.INTEGRATION_MANAGE,
    _P.ACTION_MANAGE,
    _P.WEBHOOK_MANAGE,
    _P.AGENT_MANAGE,
}
_ALL: Final = frozenset(Permission)
_ADMIN: Final = _ALL - OF_ORGANIZATION

#: name -> (description, permissions). System roles: assignable, never changed.
BUILT_IN_ROLES: Final[Mapping[str, tuple[str, frozenset[Permission]]]] = {
    "Owner": ("Everything, the organization's projects included", _ALL),
    "Admin": ("Everything in the project, access included", _ADMIN),
    "Editor": ("Write workflows, form groups, start and steer runs, answer", _EDIT),
    "Operator": ("Start and steer runs, answer interactions", _OPERATE),
    "Worker": ("Claim jobs and report them", _WORK),
    "Agent": ("Read everything, hold conversations", _AGENT),
    "Viewer": ("Read everything, change nothing", _VIEW),
}
