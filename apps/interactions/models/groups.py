"""Tables of groups: who is asked together, and how a group answers."""

from django.db import models

from apps.identity.models import Principal, Project
from apps.kernel.fields import ReferenceField, TypedIdField
from apps.kernel.ids import IdKind


class RoutingPolicy(models.TextChoices):
    """How a group answers: its first member does, or all of them."""

    FIRST_RESPONDER = "first_responder"
    ALL_MEMBERS = "all_members"


class Group(models.Model):
    """People who are asked together. Questions keep the members they asked: a change
    here counts for questions asked later."""

    id = TypedIdField(IdKind.GROUP)
    project = models.ForeignKey(Project, models.CASCADE, related_name="groups")
    handle = models.CharField(max_length=63)
    name = models.CharField(max_length=128)
    description = models.TextField(blank=True, default="")
    routing_policy = models.CharField(
        max_length=16,
        choices=RoutingPolicy.choices,
        default=RoutingPolicy.FIRST_RESPONDER,
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["handle"]
        constraints = [
            models.UniqueConstraint(
                name="group_handle_once_in_project", fields=["project", "handle"]
            )
        ]

    def __str__(self) -> str:
        return self.name


class GroupMember(models.Model):
    """A member of the project belongs to a group."""

    id = TypedIdField(IdKind.GROUP_MEMBER)
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships")
    principal = models.ForeignKey(
        Principal, models.CASCADE, related_name="group_memberships"
    )
    added_by = ReferenceField(blank=True, default="")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="group_member_once", fields=["group", "principal"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.principal} in {self.group}"
