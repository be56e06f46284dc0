"""The chapters of the reference, in their order, and the routes outside Django."""

from typing import Final

from apps.actions.invoking import ROUTES as ACTION_ROUTES
from apps.actions.reference import PART as ACTIONS
from apps.agents.reference import PARTS as AGENTS
from apps.agents.stream import ROUTES as SESSION_ROUTES
from apps.api.reference import Part
from apps.audit.reference import PART as AUDIT
from apps.definitions.reference import PARTS as DEFINITIONS
from apps.diagnosis.reference import PART as DIAGNOSIS
from apps.identity.reference import PARTS as ACCESS
from apps.integrations.reference import PART as INTEGRATIONS
from apps.interactions.reference import PARTS as INTERACTIONS
from apps.jobs.claiming import ROUTES as CLAIM_ROUTES
from apps.jobs.reference import PART as JOBS
from apps.jobs.upgrade import ROUTES as SOCKET_ROUTES
from apps.ops.reference import PART as HEALTH
from apps.realtime.held import HeldRoute
from apps.reference.reference import PART as REFERENCE
from apps.runs.reference import PARTS as RUNS
from apps.runs.reference import PUBLISHING
from apps.runs.reference_speaking import PART as SPEAKING
from apps.runs.stream import ROUTES as STREAM_ROUTES
from apps.secrets.reference import PART as SECRETS
from apps.source_events.reference import PART as SOURCE_EVENTS
from apps.triggers.reference import PART as TRIGGERS
from apps.webhooks.reference import PART as WEBHOOKS
from apps.workflows.reference import PART as WORKFLOWS

#: Parts of one title are one chapter.
PARTS: Final[tuple[Part, ...]] = (
    WORKFLOWS,
    *DEFINITIONS,
    *RUNS,
    DIAGNOSIS,
    JOBS,
    ACTIONS,
    *AGENTS,
    SPEAKING,
    *INTERACTIONS,
    TRIGGERS,
    SOURCE_EVENTS,
    PUBLISHING,
    INTEGRATIONS,
    WEBHOOKS,
    SECRETS,
    *ACCESS,
    AUDIT,
    HEALTH,
    REFERENCE,
)
#: What the ASGI application serves itself, the streams of pages left out.
HELD_ROUTES: Final[tuple[HeldRoute, ...]] = (
    *CLAIM_ROUTES,
    *SOCKET_ROUTES,
    *ACTION_ROUTES,
    *SESSION_ROUTES,
    *STREAM_ROUTES,
)
