"""Reading questions. Every query starts from the project."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.api.body import invalid_field
from apps.interactions.models import (
    Group,
    Interaction,
    InteractionParticipant,
    InteractionStatus,
)
from apps.interactions.models.interaction import OPEN
from apps.interactions.question import KINDS, TYPES
from apps.kernel.errors import NotFound

_STATUS = InteractionStatus
_ACTOR_TYPES = {"member": "user", "user": "user", "agent": "agent", "group": "group"}
_TRUE = ("true", "1", "yes")
_FALSE = ("false", "0", "no", "")


def find_interaction(
    project_id: str, interaction_id: str, *, for_update: bool = False
) -> Interaction:
    """Return one interaction, locked until the end of the transaction if asked.

    Raises:
        NotFound: the project has no such interaction, or it was put away.
    """
    rows = Interaction.objects.filter(
        project_id=project_id, pk=interaction_id, deleted_at=None
    )
    if for_update:
        rows = rows.select_for_update()
    interaction = rows.first()
    if interaction is None:
        raise NotFound(f"interaction {interaction_id} not found")
    return interaction


def filtered_interactions(
    project_id: str, query: Mapping[str, Any], *, caller_id: str, now: datetime
) -> QuerySet[Interaction]:
    """Return the interactions that match the filters of the list.

    ``run_id``, ``status``, ``type`` or ``kind``, ``target_actor_type``,
    ``target_actor_id``, ``target_user_id`` (who is asked, through groups too),
    ``inbox=true`` (what asks the caller) and ``tag`` (``key`` or ``key:value``,
    several with commas, all of them).

    Raises:
        Invalid: a filter has a value that means nothing.
    """
    rows = Interaction.objects.filter(project_id=project_id, deleted_at=None)
    if run_id := query.get("run_id"):
        rows = rows.filter(run_id=run_id)
    if status := query.get("status"):
        rows = rows.filter(_in_status(_one_of("status", status, _STATUS.values), now))
    for name, words in (("type", list(KINDS)), ("kind", list(TYPES))):
        if chosen := query.get(name):
            chosen = _one_of(name, chosen, words)
            rows = rows.filter(type=TYPES.get(chosen, chosen))
    if actor_type := query.get("target_actor_type"):
        known = _one_of("target_actor_type", actor_type, list(_ACTOR_TYPES))
        rows = rows.filter(target_type=_ACTOR_TYPES[known])
    if actor_id := query.get("target_actor_id"):
        group = Group.objects.filter(project_id=project_id, handle=actor_id)
        ids = [str(actor_id), *group.values_list("pk", flat=True)]
        rows = rows.filter(target_id__in=ids)
    if user_id := query.get("target_user_id"):
        rows = rows.filter(_asks(str(user_id)))
    if _flag(query, "inbox"):
        rows = rows.filter(_asks(caller_id))
    for tag in filter(None, str(query.get("tag") or "").split(",")):
        key, colon, value = tag.partition(":")
        found = Q(tags__contains={key: value}) if colon else Q(tags__has_key=key)
        rows = rows.filter(found)
    return rows


def bars(run_id: str, signal_name: str, principal_id: str) -> bool:
    """Say whether a run waits for an answer, under this name of a signal, that
    ``principal_id`` must not give."""
    rows = Interaction.objects.filter(
        run_id=run_id, signal_name=signal_name, status__in=OPEN
    )
    return rows.filter(barred__contains=[principal_id]).exists()


def _asks(principal_id: str) -> Exists:
    """Ask for questions in which somebody has a part."""
    return Exists(
        InteractionParticipant.objects.filter(
            interaction_id=OuterRef("pk"), principal_id=principal_id
        )
    )


def _one_of(name: str, value: Any, words: list[str]) -> str:
    if value not in words:
        raise invalid_field(name, f"expected one of {', '.join(words)}")
    return str(value)


def _flag(query: Mapping[str, Any], name: str) -> bool:
    value = str(query.get(name, "")).lower()
    if value not in _TRUE + _FALSE:
        raise invalid_field(name, "expected true or false")
    return value in _TRUE


def _in_status(status: str, now: datetime) -> Q:
    """Overdue rows count as expired before anybody writes it down."""
    if status in OPEN:
        return Q(status=status) & (Q(expires_at=None) | Q(expires_at__gt=now))
    if status == _STATUS.EXPIRED:
        return Q(status=status) | Q(status__in=OPEN, expires_at__lte=now)
    return Q(status=status)
