"""Four projects of two organizations, and keys of every role in every situation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.apps import apps

from apps.identity.actor import OPERATOR
from apps.identity.credentials import digest_of
from apps.identity.models import ApiKey, Principal, Project, RoleAssignment
from apps.identity.permissions import BUILT_IN_ROLES
from apps.identity.services.archive_project import archive_project
from apps.kernel import clock
from tests.contract.worlds import World, make_world
from tests.support.factories import (
    make_key,
    make_organization_api,
    make_principal,
    make_project_beside,
)

ROLES: Final = tuple(BUILT_IN_ROLES)
Keys = Mapping[str, str]


@dataclass(frozen=True)
class Places:
    """The project that is asked about, one beside it, one of another organization and
    an archived one beside it; each with all that it can hold, under unmistakable names.
    """

    home: World
    beside: World
    abroad: World
    attic: World
    #: situation -> role -> key
    keys: Mapping[str, Keys]

    def worlds(self) -> tuple[World, ...]:
        """All four."""
        return self.home, self.beside, self.abroad, self.attic


def make_places() -> Places:
    """Make them all."""
    home = make_world("mx-home", name="zebra-home")
    beside = _beside(home, "mx-beside", "zebra-beside")
    abroad = make_world("mx-abroad", name="zebra-abroad")
    attic = _beside(home, "mx-attic", "zebra-attic")
    keys = {
        "home": _keys_in(home.project),
        "attic": _keys_in(attic.project),
        "organization": _keys_of(home.project),
        "abroad": _keys_of(abroad.project),
        "revoked": _keys_in(home.project),
        "expired": _keys_in(home.project),
        "disabled": _keys_in(home.project),
        "revoked organization": _keys_of(home.project),
    }
    now = clock.now()
    rows = ApiKey.objects
    ended = [*_ids(keys["revoked"]), *_ids(keys["revoked organization"])]
    rows.filter(pk__in=ended).update(revoked_at=now)
    rows.filter(pk__in=_ids(keys["expired"])).update(expires_at=now)
    holders = Principal.objects.filter(api_keys__in=_ids(keys["disabled"]))
    holders.update(disabled=True)
    rows.update(last_used_at=now)  # so that asking writes nothing
    archive_project(attic.project.id, by=OPERATOR, now=now)
    return Places(home, beside, abroad, attic, keys)


def _beside(world: World, handle: str, name: str) -> World:
    project = make_project_beside(world.project, handle)
    return make_world(handle, project=project, name=name)


def _keys_in(project: Project) -> Keys:
    return {role: make_key(make_principal(project, role=role)) for role in ROLES}


def _keys_of(project: Project) -> Keys:
    return {role: make_organization_api(project, role=role).key for role in ROLES}


def ids_of(keys: Keys) -> Mapping[str, str]:
    """Return the ids of keys by role."""
    rows = ApiKey.objects
    return {role: rows.get(digest=digest_of(key)).pk for role, key in keys.items()}


def _ids(keys: Keys) -> list[str]:
    return list(ids_of(keys).values())


class Marks(NamedTuple):
    """By what a project can be told: ids of its rows, and words found nowhere else."""

    ids: frozenset[str]
    words: frozenset[str]


def marks_of(world: World) -> Marks:
    """Return everything by which a project can be told."""
    project = world.project
    ids = {project.id, *world.ids.values(), *_ids_of_rows(project)}
    return Marks(
        frozenset(each for each in ids if "_" in each),
        frozenset({project.handle, world.ids["name"]}),
    )


def _ids_of_rows(project: Project) -> Iterator[str]:
    for model in apps.get_models():
        names = {field.name for field in model._meta.fields}
        wanted: Any = None
        if "project_id" in names or "project" in names:
            wanted = {"project_id": project.id}
        elif model in (ApiKey, RoleAssignment):
            wanted = {"principal__project_id": project.id}
        if wanted:
            rows = model._default_manager.filter(**wanted)
            yield from (str(pk) for pk in rows.values_list("pk", flat=True))
