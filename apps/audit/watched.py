"""Which tables are watched, and what of them is never written down.

A table that holds configuration is here, or in ``UNWATCHED`` with the reason: a test
looks at every table of the system.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Watched(NamedTuple):
    """How a table is watched.

    ``parent`` is ``column:table`` where the project is that of another row. ``hidden``
    columns are secret; of ``unnoted`` ones nothing is said, and a change of them alone
    is none.
    """

    resource: str
    parent: str = ""
    hidden: tuple[str, ...] = ()
    unnoted: tuple[str, ...] = ()


_TIMES: Final = ("updated_at",)

#: Watched from the start; later tables come in later migrations.
FIRST: Final[Mapping[str, Watched]] = {
    "identity_organization": Watched("organization", unnoted=_TIMES),
    "identity_project": Watched("project", unnoted=_TIMES),
    "identity_principal": Watched("principal", unnoted=_TIMES),
    "identity_role": Watched("role", unnoted=_TIMES),
    "identity_roleassignment": Watched(
        "role_assignment", "principal_id:identity_principal"
    ),
    "identity_apikey": Watched(
        "api_key",
        "principal_id:identity_principal",
        hidden=("digest",),
        unnoted=(*_TIMES, "last_used_at"),
    ),
    "auth_user": Watched("account", hidden=("password",), unnoted=("last_login",)),
    "workflows_workflow": Watched("definition", unnoted=_TIMES),
    "workflows_workflowversion": Watched(
        "definition_version", "workflow_id:workflows_workflow"
    ),
    "triggers_trigger": Watched(
        "trigger",
        hidden=("sealed_secret",),
        unnoted=(*_TIMES, "next_fire_at", "armed_at"),
    ),
    "integrations_integration": Watched(
        "integration", hidden=("sealed_secret",), unnoted=_TIMES
    ),
    "secrets_secret": Watched("secret", unnoted=_TIMES),
    "secrets_secretversion": Watched(
        "secret_version", "secret_id:secrets_secret", hidden=("sealed", "sha256")
    ),
    "interactions_group": Watched("group", unnoted=_TIMES),
    "interactions_groupmember": Watched("group_member", "group_id:interactions_group"),
    "webhooks_webhook": Watched("webhook", unnoted=_TIMES),
    "actions_customaction": Watched("action", hidden=("sealed_key",), unnoted=_TIMES),
}

#: What is done in the admin to rows that are no configuration, such as buttons on runs,
#: jobs, workers, messages; and what its accounts may do. It belongs to no project.
ADMIN: Final[Mapping[str, Watched]] = {
    "django_admin_log": Watched("admin_act", unnoted=("action_time",)),
    "auth_group": Watched("account_group"),
    "auth_group_permissions": Watched("account_group_permission"),
    "auth_user_groups": Watched("account_group_member"),
    "auth_user_user_permissions": Watched("account_permission"),
}

#: Agents, who came after the log.
AGENTS: Final[Mapping[str, Watched]] = {
    "agents_agent": Watched("agent", unnoted=_TIMES)
}

#: All that is watched.
WATCHED: Final[Mapping[str, Watched]] = {**FIRST, **ADMIN, **AGENTS}

#: Tables that are no configuration: what happens, not how it is meant to.
UNWATCHED: Final[Mapping[str, str]] = {
    "actions_invocation": "calls of actions",
    "agents_session": "what is said",
    "agents_sessionmessage": "what is said",
    "api_idempotencyrecord": "answers that are repeated",
    "audit_auditrecord": "the log itself",
    "audit_audithead": "the log itself",
    "auth_permission": "made by migrations",
    "deliveries_delivery": "messages on their way",
    "deliveries_trouble": "messages on their way",
    "django_content_type": "made by migrations",
    "django_eventstream_event": "not used: streams read timelines",
    "django_eventstream_eventcounter": "not used: streams read timelines",
    "django_migrations": "made by migrations",
    "django_session": "who is signed in",
    "interactions_interaction": "questions: their own record has every act",
    "interactions_interactionparticipant": "questions",
    "interactions_interactionresponse": "questions",
    "jobs_job": "work",
    "jobs_worker": "work",
    "run_events_runevent": "timelines",
    "run_events_runstream": "timelines",
    "runs_run": "runs: their timeline has every act",
    "runs_runsignal": "runs",
    "runs_wait": "runs",
    "source_events_listener": "follows triggers and waits",
    "source_events_sourceevent": "facts",
    "triggers_triggerfire": "what triggers did",
    "workflows_spec": "content of versions, by digest",
}


def statements(tables: Mapping[str, Watched]) -> str:
    """Return the SQL that watches these tables."""
    return "\n".join(f"{watch(table, how)};" for table, how in tables.items())


def watch(table: str, how: Watched) -> str:
    """Return the trigger of a table, in PostgreSQL's own form."""
    given = (how.resource, how.parent, ",".join(how.hidden), ",".join(how.unnoted))
    arguments = ", ".join(f"'{argument}'" for argument in given)
    return (
        "CREATE CONSTRAINT TRIGGER audit_watch AFTER INSERT OR DELETE OR UPDATE"
        f" ON {table} DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW EXECUTE FUNCTION audit_note({arguments})"
    )


def removals(tables: Mapping[str, Watched]) -> str:
    """Return the SQL that stops watching them."""
    return "\n".join(f"DROP TRIGGER audit_watch ON {table};" for table in tables)
