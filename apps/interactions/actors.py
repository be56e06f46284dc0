"""Who does something with a question, from where, and as whom.

The people who are asked answer for themselves. Services and agents that may respond
answer for them; so may people who hold the permission to answer for others, when
they say for whom. Both are recorded as such. Who is barred is barred on every way in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.api.body import invalid_field
from apps.identity.authentication import Caller
from apps.identity.models import PrincipalKind
from apps.identity.permissions import Permission
from apps.interactions.models import (
    Channel,
    Interaction,
    InteractionParticipant,
    ParticipantState,
)
from apps.kernel.errors import Conflict, PermissionDenied

USER_AGENT_MAX = 255
ADDRESS_MAX = 64


@dataclass(frozen=True, slots=True)
class Actor:
    """A principal at work, with its browser account or its API key."""

    principal_id: str
    kind: str
    name: str
    permissions: frozenset[str]
    channel: Channel
    account: str = ""
    key_id: str = ""
    address: str = ""
    user_agent: str = ""

    @classmethod
    def of_caller(
        cls, caller: Caller, *, address: str = "", user_agent: str = ""
    ) -> "Actor":
        """Return the actor behind an API key."""
        return cls(
            principal_id=caller.principal_id,
            kind=caller.principal_kind,
            name=caller.principal_name,
            permissions=caller.permissions,
            channel=Channel.API,
            key_id=caller.key_id,
            address=address[:ADDRESS_MAX],
            user_agent=user_agent[:USER_AGENT_MAX].replace("\x00", ""),
        )

    @property
    def is_human(self) -> bool:
        """Say whether it is a person."""
        return self.kind == PrincipalKind.HUMAN

    @property
    def responder_type(self) -> str:
        """Return how answers name it: member or agent."""
        return "member" if self.is_human else "agent"

    @property
    def signature(self) -> str:
        """Return under what it is recorded: the principal, else the account."""
        return self.principal_id or f"account:{self.account}"[:128]

    def may(self, permission: Permission) -> bool:
        """Say whether the actor holds ``permission``."""
        return permission.value in self.permissions

    def require(self, permission: Permission) -> None:
        """Let the actor pass, or not.

        Raises:
            PermissionDenied: the permission is missing; details name it.
        """
        if not self.may(permission):
            raise PermissionDenied(
                f"this needs the permission {permission.value}",
                permission=permission.value,
            )


def require_may_answer(
    actor: Actor,
    interaction: Interaction,
    people: Sequence[InteractionParticipant],
    on_behalf_of: str = "",
) -> None:
    """Let through who is asked and who may answer for others, whatever the moment.

    ``people`` are all who were asked to answer, those not asked any more included.

    Raises:
        PermissionDenied: barred, not asked, or not allowed to answer for others.
    """
    require_not_barred(actor, interaction)
    for_another = on_behalf_of not in ("", actor.principal_id)
    asked = any(person.principal_id == actor.principal_id for person in people)
    if asked and not for_another:
        return
    if actor.is_human:
        named = for_another and actor.may(Permission.INTERACTION_RESPOND_FOR_OTHERS)
        if not named:
            raise PermissionDenied(f"interaction {interaction.id} asks somebody else")
    elif not actor.may(Permission.INTERACTION_MANAGE):
        actor.require(Permission.INTERACTION_RESPOND)


def answers_as(
    actor: Actor,
    interaction: Interaction,
    people: Sequence[InteractionParticipant],
    on_behalf_of: str = "",
) -> str:
    """Return the principal as whom ``actor``, who may answer, answers now.

    Raises:
        PermissionDenied: that person is not asked any more.
        Conflict: that person has answered this round already.
        Invalid: several are asked, and ``on_behalf_of`` names none or a wrong one.
    """
    wanted = on_behalf_of or actor.principal_id
    if on_behalf_of or any(person.principal_id == wanted for person in people):
        _require_turn(interaction, people, wanted)
        return wanted
    return _unnamed(actor, interaction, people)


def require_not_barred(actor: Actor, interaction: Interaction) -> None:
    """Stop who must not decide this question.

    Raises:
        PermissionDenied: the actor is barred, as who started the run may be.
    """
    if actor.principal_id in (interaction.barred or ()):
        raise PermissionDenied(
            f"interaction {interaction.id} must be answered by somebody else than who"
            " started it",
            code="initiator_barred",
        )


def _require_turn(
    interaction: Interaction,
    people: Sequence[InteractionParticipant],
    principal_id: str,
) -> None:
    person = next((p for p in people if p.principal_id == principal_id), None)
    if person is None:
        asked = ", ".join(p.principal_id for p in _waiting(people)[:20])
        raise invalid_field("on_behalf_of", f"expected one who is asked: {asked}")
    if person.state == ParticipantState.ANSWERED:
        raise Conflict(
            f"{principal_id} has answered interaction {interaction.id} already",
            code="already_answered",
            status=interaction.status,
        )
    if person.state != ParticipantState.ASKED:
        raise PermissionDenied(
            f"interaction {interaction.id} does not ask {principal_id} any more:"
            f" {person.state}"
        )


def _unnamed(
    actor: Actor, interaction: Interaction, people: Sequence[InteractionParticipant]
) -> str:
    """Return for whom a service answers that does not say: it is clear when one is
    asked, or has claimed it; where one answer is enough it answers as itself."""
    waiting = _waiting(people)
    if interaction.claimed_by:
        return interaction.claimed_by
    if len(waiting) == 1:
        return waiting[0].principal_id
    if interaction.policy == "any_of":
        return actor.principal_id
    asked = ", ".join(person.principal_id for person in waiting[:20])
    raise invalid_field("on_behalf_of", f"expected one of those still asked: {asked}")


def _waiting(
    people: Sequence[InteractionParticipant],
) -> list[InteractionParticipant]:
    return [person for person in people if person.state == ParticipantState.ASKED]
