"""Tables of who is asked and what each of them said."""

from django.db import models
from django.db.models import Q

from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind


class ParticipantRole(models.TextChoices):
    """What somebody is asked to do: to answer, or to look at the answers."""

    RESPONDER = "responder"
    REVIEWER = "reviewer"


class ParticipantState(models.TextChoices):
    """Where somebody stands: asked, or not asked any more and why."""

    ASKED = "asked"
    ANSWERED = "answered"
    DELEGATED = "delegated"
    RELIEVED = "relieved"


class Channel(models.TextChoices):
    """The way an answer came in."""

    API = "api"
    BROWSER = "browser"
    LINK = "link"
    ADMIN = "admin"


class InteractionParticipant(models.Model):
    """Somebody an interaction asks, as snapshotted when they were asked.

    Written under the interaction's lock. ``is_open`` means that it is their turn:
    the inbox is what is open for somebody.
    """

    interaction_id = ReferenceField()
    project_id = ReferenceField()
    principal_id = models.CharField(max_length=128, db_collation="C")
    role = models.CharField(
        max_length=16,
        choices=ParticipantRole.choices,
        default=ParticipantRole.RESPONDER,
    )
    via = models.CharField(
        max_length=64,
        help_text="Why: target, delegation:prin_…, escalation:1 or review.",
    )
    state = models.CharField(
        max_length=16, choices=ParticipantState.choices, default=ParticipantState.ASKED
    )
    is_open = models.BooleanField(default=True)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="participant_once",
                fields=["interaction_id", "principal_id", "role"],
            )
        ]
        indexes = [
            models.Index(
                fields=["principal_id", "-interaction_id"],
                name="participant_inbox",
                condition=Q(is_open=True),
            ),
            models.Index(
                fields=["principal_id", "-interaction_id"], name="participant_of"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal_id} asked by {self.interaction_id}"


class InteractionResponse(models.Model):
    """One answer: as whom, by whom, from where. Never changed; it goes with its
    run, when that is old."""

    id = TypedIdField(IdKind.INTERACTION_RESPONSE)
    interaction_id = ReferenceField()
    project_id = ReferenceField()
    principal_id = models.CharField(
        max_length=128, db_collation="C", help_text="As whom: the one who is asked."
    )
    given_by = models.CharField(
        max_length=128,
        blank=True,
        default="",
        db_collation="C",
        help_text="The principal that sent it, when it is somebody else.",
    )
    responder_type = models.CharField(
        max_length=16, help_text="Who gave it: a member, or an agent or service."
    )
    round = models.PositiveIntegerField(default=1)
    value = models.JSONField(null=True)
    comment = models.TextField(blank=True, default="")
    channel = models.CharField(max_length=16, choices=Channel.choices)
    account = models.CharField(
        max_length=150, blank=True, default="", help_text="The account signed in."
    )
    key_id = ReferenceField(blank=True, default="")
    address = models.CharField(max_length=64, blank=True, default="")
    user_agent = models.CharField(max_length=255, blank=True, default="")
    responded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="response_once_in_round",
                fields=["interaction_id", "principal_id", "round"],
            )
        ]
        indexes = [
            models.Index(
                fields=["principal_id", "-responded_at"], name="response_of_member"
            )
        ]

    def __str__(self) -> str:
        return f"{self.principal_id} answered {self.interaction_id}"

    @property
    def responder_id(self) -> str:
        """Return the principal that gave the answer."""
        return self.given_by or self.principal_id
