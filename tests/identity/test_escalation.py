"""Random roles, random requests: nobody ever passes on what they do not hold."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.identity.authentication import authenticate
from apps.identity.models import Organization, Principal, Project, Role
from apps.identity.permissions import Permission as P
from apps.identity.selectors import permissions_of
from apps.kernel import clock
from tests.support.access import make_api_with, make_role
from tests.support.api import Api
from tests.support.factories import make_key, make_principal, make_project

#: Few, so that what is held and what is wanted often meets.
POOL = (P.ACCESS_MANAGE, P.PROJECT_VIEW, P.RUN_START, P.SECRET_MANAGE, P.RUN_VIEW)
SOME = st.frozensets(st.sampled_from(POOL))
NUMBER = st.integers(0, 3)
VERBS = (
    *("give", "give", "issue", "issue", "issue", "rotate", "rotate", "prolong"),
    *("take", "enable"),
    *("disable", "set_roles", "make", "make_role", "edit_role", "join", "promote"),
)
ACTS = st.lists(st.tuples(st.sampled_from(VERBS), NUMBER, NUMBER, SOME), max_size=14)


class Climber:
    """Somebody with ``held`` who tries everything; ``keys`` are all it got hold of."""

    def __init__(self, project: Project, held: frozenset[P]) -> None:
        self.project = project
        self.held = {permission.value for permission in held}
        self.api = make_api_with(project, *held)
        self.keys = [self.api.key]
        self.tries = 0

    def act(self, verb: str, one: int, other: int, some: frozenset[P]) -> None:
        """Send one request; keep the key that is in the answer, if any."""
        who = list(Principal.objects.filter(project=self.project).order_by("id"))
        roles = list(Role.objects.filter(project=self.project).order_by("id"))
        self.tries += 1
        send: Callable[..., Any] = getattr(self, f"_{verb}")
        answer = send(who[one % len(who)], roles[other % len(roles)], some)
        assert answer.status_code < 500, answer.json()
        event(f"{verb}: {answer.status_code // 100}xx")
        if answer.content and "key" in answer.json():
            self.keys.append(answer.json()["key"])

    def _give(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        body = {"principal_id": who.id, "role_id": role.id}
        return self.api.post("role-assignments", body)

    def _take(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        held = who.assignments.first()
        return self.api.delete(f"role-assignments/{held.pk if held else 'none'}")

    def _issue(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        cap = {"scope_role_id": role.id} if some else {}
        body = {"name": f"k{self.tries}", "principal_id": who.id, **cap}
        return self.api.post("api-keys", body)

    def _rotate(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        key = who.api_keys.first()
        return self.api.post(f"api-keys/{key.pk if key else 'none'}/rotate")

    def _prolong(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        key = who.api_keys.first()
        path = f"api-keys/{key.pk if key else 'none'}"
        return self.api.patch(path, {"expires_at": None})

    def _enable(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        return self.api.patch(f"principals/{who.id}", {"state": "active"})

    def _disable(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        return self.api.patch(f"service-accounts/{who.id}", {"status": "disabled"})

    def _set_roles(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        body = {"role_ids": [role.id], "state": "active"}
        return self.api.patch(f"principals/{who.id}", body)

    def _make(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        body = {"name": f"p{self.tries}", "role_ids": [role.id]}
        return self.api.post("principals" if some else "service-accounts", body)

    def _make_role(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        body = {"name": f"r{self.tries}", "permissions": sorted(some)}
        return self.api.post("roles", body)

    def _edit_role(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        return self.api.patch(f"roles/{role.id}", {"permissions": sorted(some)})

    def _join(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        body = {"name": f"m{self.tries}", "role_ids": [role.id]}
        return self.api.post("members", body)

    def _promote(self, who: Principal, role: Role, some: frozenset[P]) -> Any:
        return self.api.patch(f"members/{who.id}", {"role_ids": [role.id]})


def reach(project: Project) -> dict[str, frozenset[str]]:
    """What each principal that is not disabled may do."""
    rows = Principal.objects.filter(project=project, disabled=False)
    return {row.id: permissions_of(row.id) for row in rows}


def opened_by(keys: list[str]) -> set[str]:
    """What these keys together open; some may be over."""
    found: set[str] = set()
    for key in keys:
        answer = Api("acme", key).get("roles")
        if answer.status_code != 401:
            found |= authenticate(f"Bearer {key}", now=clock.now()).permissions
    return found


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    held=SOME,
    others=st.lists(st.tuples(SOME, st.booleans()), min_size=2, max_size=3),
    acts=ACTS,
)
def test_nobody_ends_up_with_more_than_the_two_of_them_held(
    db: None,
    held: frozenset[P],
    others: list[tuple[frozenset[P], bool]],
    acts: list[tuple[str, int, int, frozenset[P]]],
) -> None:
    with transaction.atomic():
        project = make_project("acme")
        for number, (some, disabled) in enumerate(others):
            role = make_role(project, *some, name=f"role-{number}")
            who = make_principal(project, kind="human" if disabled else "service")
            who.assignments.create(role=role, created_at=clock.now())
            make_key(who)
            Principal.objects.filter(pk=who.pk).update(disabled=disabled)
        climber = Climber(project, held | {P.ACCESS_MANAGE})
        before = reach(project)

        for act in acts:
            climber.act(*act)

            assert opened_by(climber.keys) <= climber.held
            for principal_id, allowed in reach(project).items():
                known = before.get(principal_id, frozenset())
                assert allowed <= known | climber.held
        transaction.set_rollback(True)


def test_an_admin_makes_no_owner_and_founds_no_project(
    api: Api, project: Project, roles: dict[str, Role]
) -> None:
    rita = make_principal(project, kind="human")
    owner = make_principal(project, role="Owner")

    answers = [
        api.post("role-assignments", {"principal_id": rita.id, "role_name": "Owner"}),
        api.post("members", {"name": "x", "role_names": ["Owner"]}),
        api.patch(f"members/{rita.id}", {"role_names": ["Owner"]}),
        api.post("principals", {"name": "x", "role_names": ["Owner"]}),
        api.post("api-keys", {"name": "x", "principal_id": owner.id}),
        api.post("roles", {"name": "x", "permissions": [P.ORG_PROJECTS_MANAGE.value]}),
        api.post("/v1/projects", {"name": "x"}),
        api.post("/v1/projects/acme/archive"),
    ]

    assert [one.status_code for one in answers] == [403] * len(answers)


@pytest.mark.parametrize("kind", ["human", "agent"])
def test_whoever_founds_a_project_gets_nothing_of_the_organization_there(
    project: Project, kind: str
) -> None:
    founder = make_principal(project, kind=kind, name="founder")
    role = make_role(project, P.ORG_PROJECTS_MANAGE, name="founder")
    founder.assignments.create(role=role, created_at=clock.now())
    made = Api("acme", make_key(founder)).post(
        "/v1/projects", {"name": "Lab", "key_name": "first"}
    )

    lab = Api("lab", made.json()["key"])

    assert lab.get("members").status_code == 200
    assert lab.get("/v1/projects/acme").status_code == 404
    assert lab.get("/v1/projects/acme/members").status_code == 404
    assert lab.post("/v1/projects", {"name": "Third"}).status_code == 403
    assert Organization.objects.count() == 1
