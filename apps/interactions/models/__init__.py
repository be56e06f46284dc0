"""Tables of questions, of who is asked, of answers, and of groups of people."""

from apps.interactions.models.groups import Group, GroupMember, RoutingPolicy
from apps.interactions.models.interaction import (
    Dialect,
    Interaction,
    InteractionStatus,
    Origin,
)
from apps.interactions.models.people import (
    Channel,
    InteractionParticipant,
    InteractionResponse,
    ParticipantRole,
    ParticipantState,
)

__all__ = [
    "Channel",
    "Dialect",
    "Group",
    "GroupMember",
    "Interaction",
    "InteractionParticipant",
    "InteractionResponse",
    "InteractionStatus",
    "Origin",
    "ParticipantRole",
    "ParticipantState",
    "RoutingPolicy",
]
