"""Whole questions: a run asks, people answer, the next step works with the answer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from apps.identity.models import Principal, Project
from apps.interactions.models import Group
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import NewGroup, create_group
from apps.kernel import clock
from apps.run_events.models import RunEvent
from tests.interactions.conftest import api_of, options
from tests.support.api import Api
from tests.support.drive import claim, dispatch_all
from tests.support.factories import make_principal
from tests.support.specs import action, spec

#: What the step after a question is given of the answer.
READ: Final = {
    "status": "${state.answer.status}",
    "value": "${state.answer.value}",
    "comment": "${state.answer.comment}",
    "responder": "${state.answer.responder.id}",
}
USE: Final = action("use", parameters=READ)
VERDICT: Final = {
    "name": "wait",
    "wait_signal": {"topic": "verdict", "timeout": "1h", "store": "answer"},
}


@dataclass(frozen=True)
class Mode:
    """A way to answer: what fits, what does not, and where an error says so."""

    type: str
    spec: Mapping[str, Any]
    right: Any
    wrong: Any
    path: str = "value"


CONFIRM: Final = Mode("approval", {"mode": "confirm"}, True, "yes")
SELECT: Final = Mode(
    "review", {"mode": "select", "options": options("keep", "drop")}, "drop", "burn"
)
MULTI_SELECT: Final = Mode(
    "input",
    {"mode": "multi_select", "options": options("a", "b", "c")},
    ["c", "a"],
    ["a", "d"],
)
TEXT: Final = Mode("input", {"mode": "input"}, "in May", 7)
FORM: Final = Mode(
    "input",
    {
        "mode": "form",
        "schema": {
            "type": "object",
            "properties": {"amount": {"type": "integer", "minimum": 1}},
            "required": ["amount"],
            "additionalProperties": False,
        },
    },
    {"amount": 3},
    {"amount": "3"},
    "value.amount",
)


def people(project: Project, *names: str) -> list[Principal]:
    """Members who may only look, and answer what they are asked."""
    return [make_principal(project, role="Viewer", kind="human", name=n) for n in names]


def team(project: Project, *members: Principal, **more: Any) -> Group:
    """A group of these members."""
    name = f"Team {Group.objects.count()}"
    group = create_group(project.id, NewGroup(name, **more), now=clock.now())
    for member in members:
        add_group_member(project.id, group.id, member.id, now=clock.now())
    return group


def user(principal: Principal) -> dict[str, str]:
    """One person as the target of a step."""
    return {"type": "user", "id": principal.id}


def group_target(group: Group, **more: Any) -> dict[str, Any]:
    """A group as the target of a step."""
    return {"type": "group", "id": group.handle, **more}


def step(target: Any, **block: Any) -> dict[str, Any]:
    """A step that asks one target, or a list of them."""
    whom = {"targets": target} if isinstance(target, list) else {"target": target}
    asked = {"type": "approval", "message": "Publish?", "timeout": "24h"}
    return {"name": "ask", "interaction": {**asked, **whom, **block}, "store": "answer"}


def start(api: Api, *steps: Mapping[str, Any]) -> str:
    """Start a run of these steps, and of one that uses the answer; return its id."""
    started = api.post("runs", {"spec": spec(*map(dict, steps), USE)})
    assert started.status_code == 202, started.content
    dispatch_all()
    return str(started.json()["id"])


def pending(api: Api, run_id: str) -> dict[str, Any]:
    """The question that a run waits for."""
    listed = api.get(f"interactions?run_id={run_id}&status=pending").json()
    (found,) = listed["items"]
    return dict(found)


def ask(api: Api, target: Any, **block: Any) -> dict[str, Any]:
    """Start a run that asks; return its question."""
    return pending(api, start(api, step(target, **block)))


def answer(
    who: Principal | Api, question: Mapping[str, Any], value: Any = True, **more: Any
) -> Any:
    """Answer over the API and let the run go on."""
    caller = who if isinstance(who, Api) else api_of(who)
    body = {"value": value, **more}
    replied = caller.post(f"interactions/{question['id']}/respond", body)
    dispatch_all()
    return replied


def shown(api: Api, question: Mapping[str, Any]) -> dict[str, Any]:
    """The question as it is now."""
    return dict(api.get(f"interactions/{question['id']}").json())


def status_of(api: Api, run_id: str) -> str:
    """The status of a run."""
    return str(api.get(f"runs/{run_id}").json()["status"])


def next_step(project: Project, now: datetime | None = None) -> dict[str, Any]:
    """What the step after the question is given, once it is in a worker's hands."""
    job = claim(project.id, now=now)
    assert job is not None, "the run does not go on"
    assert claim(project.id, now=now) is None, "the run goes on twice"
    return dict(job["parameters"])


def lines(run_id: str, *types: str) -> list[dict[str, Any]]:
    """The payloads of a timeline's lines of these types, in order."""
    found = RunEvent.objects.filter(run_id=run_id, type__in=types).order_by("seq")
    return [dict(line.payload) for line in found]


def types_of(run_id: str, without: Iterable[str] = ()) -> list[str]:
    """The types of a timeline's lines about questions and waits, in order."""
    wanted = ("wait.", "interaction.")
    found = RunEvent.objects.filter(run_id=run_id).order_by("seq")
    types = [line.type for line in found if line.type.startswith(wanted)]
    return [type_ for type_ in types if type_ not in without]
