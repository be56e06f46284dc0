"""What can be called in a project: the platform's actions, its own, its workers'."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.actions.builtin import BUILTINS
from apps.actions.builtin.kind import Builtin
from apps.actions.models import CustomAction, EndpointKind
from apps.actions.offers import Offers, live_offers
from apps.kernel.errors import NotFound

NO_WORKER: Final = "no_live_worker"
IS_DISABLED: Final = "disabled"


@dataclass(frozen=True, slots=True)
class Entry:
    """One action. ``builtin`` and ``custom`` are None for a name that only workers
    know; ``reason`` says why it is not ready, and is empty when it is."""

    name: str
    builtin: Builtin | None = None
    custom: CustomAction | None = None
    queue: str = ""
    reason: str = ""

    @property
    def kind(self) -> str:
        """Return builtin, http or worker."""
        if self.builtin is not None:
            return "builtin"
        return self.custom.endpoint_kind if self.custom else EndpointKind.WORKER.value


def list_entries(project_id: str, *, now: datetime) -> list[Entry]:
    """Return every action of a project by name."""
    offers = live_offers(project_id, now=now)
    customs = CustomAction.objects.filter(project_id=project_id)
    found = {custom.name: _own(custom, offers) for custom in customs}
    for entry in _others(offers):
        found.setdefault(entry.name, entry)
    return [found[name] for name in sorted(found)]


def find_entry(project_id: str, name: str, *, now: datetime) -> Entry:
    """Return one action.

    Raises:
        NotFound: it is not the platform's, not the project's, and no live worker
            names it.
    """
    if name in BUILTINS:
        return Entry(name, builtin=BUILTINS[name])
    offers = live_offers(project_id, now=now)
    custom = CustomAction.objects.filter(project_id=project_id, name=name).first()
    if custom is not None:
        return _own(custom, offers)
    if name in offers.names:
        return Entry(name, queue=offers.queue_of(name))
    raise NotFound(f"action {name} not found")


def _own(custom: CustomAction, offers: Offers) -> Entry:
    reason = "" if custom.enabled else IS_DISABLED
    if custom.endpoint_kind == EndpointKind.HTTP:
        return Entry(custom.name, custom=custom, reason=reason)
    queue = offers.queue_of(custom.name)
    reason = reason or ("" if queue else NO_WORKER)
    return Entry(custom.name, custom=custom, queue=queue, reason=reason)


def _others(offers: Offers) -> Iterator[Entry]:
    for name, builtin in BUILTINS.items():
        yield Entry(name, builtin=builtin)
    for name in offers.names:
        yield Entry(name, queue=offers.queue_of(name))
