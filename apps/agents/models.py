"""The tables of agents and of what is said with them."""

from django.db import models
from django.db.models import Q

from apps.identity.models import Principal, Project
from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind


class AgentStatus(models.TextChoices):
    """Whether it may be talked to."""

    ACTIVE = "active"
    INACTIVE = "inactive"


class Agent(models.Model):
    """Somebody to talk with. What it is called to do stands here for the process that
    plays it; nothing of that is acted on.

    It acts as ``principal``, made with it and never another. An archived one has no
    access any more and its name is free; its sessions stay to be read.
    """

    id = TypedIdField(IdKind.AGENT)
    project = models.ForeignKey(Project, models.CASCADE, related_name="agents")
    principal = models.OneToOneField(Principal, models.RESTRICT, related_name="agent")
    name = models.CharField(max_length=63)
    external_ref = models.CharField(
        max_length=200, blank=True, default="", help_text="What a caller calls it."
    )
    description = models.CharField(max_length=500, blank=True, default="")
    model = models.CharField(max_length=128, blank=True, default="")
    system_prompt = models.TextField(blank=True, default="")
    status = models.CharField(
        max_length=16, choices=AgentStatus.choices, default=AgentStatus.ACTIVE
    )
    tags = models.JSONField(default=dict, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_by = ReferenceField(blank=True, default="")
    updated_by = ReferenceField(blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="agent_name_once_in_project",
                fields=["project", "name"],
                condition=Q(archived_at=None),
            ),
            models.UniqueConstraint(
                name="agent_external_ref_once_in_project",
                fields=["project", "external_ref"],
                condition=Q(archived_at=None) & ~Q(external_ref=""),
            ),
            models.CheckConstraint(
                name="agent_status_known", condition=Q(status__in=AgentStatus.values)
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-created_at", "-id"], name="agent_list"),
        ]

    def __str__(self) -> str:
        return self.name


class SessionStatus(models.TextChoices):
    """Whether more can be said."""

    ACTIVE = "active"
    CLOSED = "closed"


class Session(models.Model):
    """A conversation with one agent. ``last_sequence`` hands out the numbers of its
    messages, under this row's lock. Of the active ones with a ``session_key`` there
    is one for each agent.
    """

    id = TypedIdField(IdKind.SESSION)
    project_id = ReferenceField()
    agent_id = ReferenceField()
    session_key = models.CharField(
        max_length=255, blank=True, default="", db_collation="C"
    )
    title = models.CharField(max_length=255, blank=True, default="")
    status = models.CharField(
        max_length=16, choices=SessionStatus.choices, default=SessionStatus.ACTIVE
    )
    metadata = models.JSONField(default=dict, blank=True)
    last_sequence = models.BigIntegerField(default=0)
    created_by = ReferenceField(blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    last_message_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="session_key_once_for_agent",
                fields=["agent_id", "session_key"],
                condition=Q(status=SessionStatus.ACTIVE) & ~Q(session_key=""),
            ),
            models.CheckConstraint(
                name="session_closed_since",
                condition=Q(status=SessionStatus.ACTIVE, closed_at=None)
                | Q(status=SessionStatus.CLOSED, closed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["project_id", "-created_at", "-id"], name="session_list"
            ),
            models.Index(
                fields=["agent_id", "-created_at", "-id"], name="session_of_agent"
            ),
            models.Index(
                fields=["project_id", "closed_at"],
                name="session_over",
                condition=Q(closed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.id


class MessageRole(models.TextChoices):
    """Who speaks."""

    USER = "user"
    AGENT = "agent"
    SYSTEM = "system"
    TOOL = "tool"


class SessionMessage(models.Model):
    """One thing that was said; never changed. ``content`` is a list of objects, each
    with a ``type``; ``created_by`` is the principal who wrote it."""

    id = TypedIdField(IdKind.SESSION_MESSAGE)
    project_id = ReferenceField()
    session_id = ReferenceField()
    sequence = models.BigIntegerField()
    role = models.CharField(max_length=16, choices=MessageRole.choices)
    content = models.JSONField()
    metadata = models.JSONField(default=dict, blank=True)
    created_by = ReferenceField(blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="session_message_once", fields=["session_id", "sequence"]
            ),
            models.CheckConstraint(
                name="session_message_role_known",
                condition=Q(role__in=MessageRole.values),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} # {self.sequence}"
