"""Every list of the API: how a row is added to it, and how it is walked."""

import re
from collections.abc import Callable
from typing import Any, Final

from apps.actions.builtin import BUILTINS
from apps.actions.catalog import Entry
from apps.actions.services.invoke import invoke_action
from apps.kernel import clock
from tests.contract.permission_table import IN_PROJECT, OUTSIDE, Rule
from tests.contract.worlds import World
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_principal
from tests.support.specs import action, spec

Json = dict[str, Any]
CURSOR: Final = re.compile(r"[A-Za-z0-9_-]+")
#: The same for everybody: nothing is added to them.
FIXED: Final = ("/permissions", "/catalog/events", "/runs/{run_id}/steps")
STEPS: Final = 12


class Lists:
    """The lists of one project, whose rows are added with an Admin's key."""

    def __init__(self, world: World, api: Api) -> None:
        self.world = world
        self.api = api
        self._count = 0
        chain = spec(*(action(f"step-{n}") for n in range(STEPS)))
        started = api.post("runs", {"spec": chain, "queue": "chain"}).json()
        world.ids["run_id"] = started["id"]
        dispatch_all()
        self._special: dict[str, Callable[[], object]] = {
            "/members/{user_id}/groups": self._group_of_member,
            "/groups/{group}/members": self._member_of_group,
            "/secrets/{secret}/versions": self._secret_version,
            "/workflows/{workflow}/versions": self._workflow_version,
            "/triggers/{trigger}/fires": self._fire,
            "/invocations": self._invocation,
            "/action-invocations": self._invocation,
            "/webhooks/{webhook}/deliveries": self._delivery,
            "/audit-logs": self._role,
            "/v1/audit-logs": self._role,
            "/role-assignments": self._assignment,
            "/actions/catalog": lambda: self._post("/actions"),
            "/catalog/actions": lambda: self._post("/actions"),
            "/agents/{agent}/sessions": lambda: self._post("/sessions"),
            "/runs/{run_id}/jobs": self._attempt,
            "/runs/{run_id}/action-log": self._attempt,
            "/workers": self._worker,
            "/worker-sessions": self._worker,
        }

    def add(self, path: str) -> None:
        """Add a row to the list at ``path``."""
        self._count += 1
        if path not in FIXED:
            self._special.get(path, lambda: self._post(path))()

    def where(self, path: str) -> str:
        """Return the whole path."""
        return path if path.startswith("/v1/") else self.world.path(path)

    def page(self, path: str, query: str) -> Json:
        """Return a page, or what else is there."""
        of_roles = "&resource_type=role" if path.endswith("/audit-logs") else ""
        answer = self.api.get(f"{self.where(path)}?{query}{of_roles}")
        assert answer.status_code == 200, (path, answer.json())
        return dict(answer.json())

    def walk(self, path: str) -> list[str]:
        """Return what a walk by pages of one shows; a row is added after the first."""
        seen: list[str] = []
        query = "limit=1"
        while True:
            page = self.page(path, query)
            assert page["has_more"] == ("next_cursor" in page), path
            assert len(page["items"]) == 1, path
            seen += map(name_of, page["items"])
            if not page["has_more"]:
                return seen
            if len(seen) == 1:
                self.add(path)
            assert CURSOR.fullmatch(page["next_cursor"]), path
            query = f"limit=1&cursor={page['next_cursor']}"

    def _name(self) -> str:
        return f"row-{self._count}"

    def _post(self, path: str, **body: Any) -> Json:
        outside = ("POST", path) in OUTSIDE
        rule: Rule = (OUTSIDE if outside else IN_PROJECT)["POST", path]
        named = {**(self.world.body(rule) or {}), **body}
        named |= {key: self._name() for key in ("name", "handle") if key in named}
        answer = self.api.post(path if outside else self.world.path(path), named)
        assert answer.status_code in (200, 201, 202), (path, answer.json())
        return dict(answer.json())

    def _somebody(self) -> str:
        return make_principal(self.world.project, kind="human").id

    def _group_of_member(self) -> None:
        group = self._post("/groups")["id"]
        who = {"user_id": self.world.ids["user_id"]}
        assert self.api.post(f"groups/{group}/members", who).status_code == 201

    def _member_of_group(self) -> None:
        self._post("/groups/{group}/members", user_id=self._somebody())

    def _secret_version(self) -> None:
        changed = {"values": {"k": self._name()}}
        path = self.world.path("/secrets/{secret}")
        assert self.api.patch(path, changed).status_code == 200

    def _workflow_version(self) -> None:
        changed = {"spec": spec(action(self._name()))}
        path = self.world.path("/workflows/{workflow}")
        assert self.api.patch(path, changed).status_code == 200

    def _fire(self) -> None:
        self._post("/triggers/{trigger}/fire")
        dispatch_all()

    def _invocation(self) -> None:
        invoke_action(
            self.world.project.id,
            Entry("random", builtin=BUILTINS["random"]),
            {},
            timeout_seconds=30,
            actor_id="",
            actor_type="system",
            now=clock.now(),
        )

    def _delivery(self) -> None:
        self._post("/source-events")
        dispatch_all()

    def _role(self) -> None:
        self._post("/roles")

    def _assignment(self) -> None:
        self._post("/role-assignments", principal_id=self._somebody())

    def _attempt(self) -> None:
        job = claim(self.world.project.id, queues=("chain",))
        assert job is not None
        done = {"worker_id": "w1", "attempt": job["attempt"], "status": "completed"}
        path = f"jobs/{job['job_id']}/complete"
        assert self.api.post(path, done).status_code == 204
        dispatch_all()

    def _worker(self) -> None:
        claim(self.world.project.id, worker_id=self._name(), queues=("nothing",))


def name_of(item: Json) -> str:
    """Return what tells an item of a list from the others."""
    return str(item.get("id") or item.get("prefix") or item.get("name"))
