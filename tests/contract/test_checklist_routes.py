"""The acceptance checklist of the published documents: items 3 to 8, in every route.

The table of permissions names the routes: one that is added is held to these too.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from apps.kernel.ids import IdKind
from tests.contract.lists import FIXED, Lists, name_of
from tests.contract.open_paths import OPEN
from tests.contract.permission_table import IN_PROJECT, OUTSIDE
from tests.contract.worlds import World, make_world
from tests.support.api import Api
from tests.support.factories import make_api
from tests.support.specs import ONE_STEP, TWO_STEPS

RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LOOKS_LIKE_AN_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:")
#: Ids that whoever sends them chooses.
CHOSEN = {"worker_id", "external_id", "step_id", "path_id", "worker_instance_id"}
PREFIXES = {kind.value for kind in IdKind} | {"aud"}
#: What is not kept to be repeated.
SHOWN_ONCE = {"key", "signing_secret"}

#: What is done once however often it is asked for with one Idempotency-Key.
ONCE = {
    "/agents",
    "/sessions",
    "/sessions/{session}/messages",
    "/api-keys",
    "/api-keys/{key_id}/rotate",
    "/automations",
    "/automations/{automation}/runs",
    "/automations/{automation}/versions",
    "/automations/{automation}/versions/{number}/publication",
    "/groups",
    "/integrations",
    "/interactions",
    "/interactions/{interaction_id}/respond",
    "/jobs/{job_id}/interactions",
    "/loops",
    "/loops/{loop}/runs",
    "/members",
    "/principals",
    "/role-assignments",
    "/roles",
    "/runs",
    "/runs/{run_id}/usage",
    "/secrets",
    "/service-accounts",
    "/source-events",
    "/source-events/batch",
    "/triggers",
    "/triggers/{trigger}/fire",
    "/webhooks",
    "/workflows",
    "/workflows/{workflow}/runs",
}


@pytest.fixture
def world(db: None) -> World:
    """A project with one object of each kind."""
    return make_world("acme")


@pytest.fixture
def owner(world: World) -> Api:
    """Who may do everything in it."""
    return make_api(world.project, role="Owner")


def pieces(value: Any, field: str = "") -> Iterator[tuple[str, Any]]:
    """Every text and number of an answer with the name of its field."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from pieces(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from pieces(inner, field)
    else:
        yield field, value


def answers(world: World, owner: Api) -> Iterator[tuple[str, str, Any]]:
    """Ask each route of the table once, undoing it again: (method, path, answer)."""
    for (method, below), rule in IN_PROJECT.items():
        with transaction.atomic():
            answer = owner.call(method.lower(), world.path(below), world.body(rule))
            transaction.set_rollback(True)
        if answer.content and answer.status_code < 300:
            yield method, below, answer.json()


def test_everything_is_below_v1_with_the_projects_handle_in_the_path(
    world: World, owner: Api
) -> None:
    """Item 3."""
    assert {path for _, path in OUTSIDE} == {"/v1/projects", "/v1/audit-logs"}
    assert {path.split("/")[1] for _, path in OPEN} == {"v1"}
    for method, below in IN_PROJECT:
        path = world.path(below)
        assert path.startswith("/v1/projects/acme")
        for wrong in (path.removeprefix("/v1"), path.replace("/v1", "/v0", 1)):
            refused = owner.call(method.lower(), wrong)
            assert (wrong, refused.status_code) == (wrong, 404)
        if method == "GET":
            by_id = path.replace("acme", world.project.id, 1)
            assert owner.get(by_id).status_code == 200
    (listed,) = owner.get("/v1/projects").json()["items"]
    assert listed["handle"] == "acme"


def test_ids_say_what_they_are_of(world: World, owner: Api) -> None:
    """Item 4."""
    prefixes = {
        "workflow": "aut",
        "automation": "aut",
        "loop": "aut",
        "run_id": "run",
        "job_id": "job",
        "interaction_id": "iact",
        "key_id": "key",
        "principal_id": "prin",
        "role_id": "role",
        "assignment_id": "ras",
        "group": "grp",
        "event_id": "sevt",
        "trigger": "trg",
        "secret": "sec",
        "webhook": "whk",
        "delivery_id": "dlv",
        "integration": "intg",
        "invocation_id": "ainv",
    }
    for name, prefix in prefixes.items():
        assert world.ids[name].partition("_")[0] == prefix

    kinds: Counter[str] = Counter()
    for _, below, answer in answers(world, owner):
        if below == "/catalog/events":
            continue  # its examples are somebody else's
        for field, value in pieces(answer):
            if field[-2:] == "id" and value and "." not in value:
                prefix, _, rest = value.partition("_")
                if prefix in PREFIXES:
                    assert re.fullmatch(r"[0-9a-z]{26,32}", rest), (below, field, value)
                    kinds[prefix] += 1
                elif field != "id":
                    assert field in CHOSEN, (below, field, value)
    assert set(prefixes.values()) <= kinds.keys()


@pytest.mark.django_db(transaction=True)
def test_every_list_is_walked_by_opaque_cursors_while_rows_are_added() -> None:
    """Item 5."""
    world = make_world("acme")
    lists = Lists(world, make_api(world.project, role="Owner"))
    asked = [*IN_PROJECT, *OUTSIDE]
    paths = [path for method, path in asked if method == "GET"]
    found = [path for path in paths if "items" in lists.page(path, "limit=2")]

    assert len(found) > 40
    for path in found:
        for _ in range(3):
            lists.add(path)
        before = [name_of(item) for item in lists.page(path, "limit=200")["items"]]
        assert len(before) >= 3, path
        seen = lists.walk(path)
        assert len(seen) == len(set(seen)), path
        assert set(before) <= set(seen), path
        grown = lists.page(path, "limit=200")["items"]
        assert len(grown) == len(before) + (path not in FIXED), path
        refused = lists.api.get(f"{lists.where(path)}?cursor=*")
        assert (path, refused.status_code) == (path, 400)
        assert refused.json()["details"]["path"] == "cursor"
    ones = {path for path in paths if path not in found and path[-1:] != "}"}
    assert ones == {
        *("", "/capabilities", "/retention", "/metrics", "/runs/{run_id}/diagnosis"),
    }


def test_every_refusal_carries_code_message_and_details(
    world: World, owner: Api
) -> None:
    """Item 6."""
    nobody = Api("acme", "")
    unknown = {name: f"{id_[:5]}0" for name, id_ in world.ids.items()}
    met: Counter[int] = Counter()
    for (method, below), rule in IN_PROJECT.items():
        verb, path = method.lower(), world.path(below)
        refused = [nobody.call(verb, path), owner.call("put", path)]
        if "{" in below:
            wrong = world.path(below, unknown)
            refused.append(owner.call(verb, wrong, world.body(rule)))
        if method in ("POST", "PATCH"):
            with transaction.atomic():
                refused.append(owner.call(verb, path, ["no object"]))
                refused.append(owner.call(verb, path, {"surprise": {}}))
                transaction.set_rollback(True)
        for answer in refused:
            if answer.status_code < 400:
                continue
            met[answer.status_code] += 1
            body = answer.json()
            assert set(body) == {"code", "message", "details", "error"}, (below, body)
            flat = {name: body[name] for name in ("code", "message", "details")}
            assert body["error"] == flat
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", body["code"])
            assert body["message"]
            assert isinstance(body["details"], dict)
    assert met[401] == met[405] == len(IN_PROJECT)
    assert min(met[400], met[404]) > 50


def test_every_instant_of_every_answer_is_rfc_3339_in_utc(
    world: World, owner: Api
) -> None:
    """Item 7."""
    now, count = datetime.now(UTC), 0
    for method, below, answer in answers(world, owner):
        for field, value in pieces(answer):
            is_named = field.endswith("_at") and value is not None
            if is_named or LOOKS_LIKE_AN_INSTANT.match(str(value)):
                assert RFC_3339_UTC.fullmatch(value), (method, below, field, value)
                moment = datetime.fromisoformat(value)
                assert abs(now - moment) < timedelta(days=15), (below, field)
                count += 1
    assert count > 200


def test_an_idempotency_key_does_everything_that_takes_it_once(
    world: World, owner: Api
) -> None:
    """Item 8, in every route."""
    took = set()
    for (method, below), rule in IN_PROJECT.items():
        if method != "POST":
            continue
        body, path = world.body(rule), world.path(below)
        once = {"Idempotency-Key": "once-1"}
        with transaction.atomic():
            first = owner.post(path, body, **once)
            again = owner.post(path, body, **once)
            spec = TWO_STEPS if below == "/runs" else ONE_STEP
            other = owner.post("runs", {"spec": spec}, **once)
            transaction.set_rollback(True)
        if again.headers.get("Idempotency-Replayed") == "true":
            took.add(below)
            whole = first.json()
            shown = {name: whole[name] for name in whole if name not in SHOWN_ONCE}
            assert (again.status_code, again.json()) == (first.status_code, shown)
            assert (other.status_code, other.json()["code"]) == (
                *(409, "idempotency_key_conflict"),
            )
    assert took == ONCE
