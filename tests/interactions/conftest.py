"""What the tests of questions share."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.identity.authentication import authenticate
from apps.identity.models import Principal, Project
from apps.interactions.actors import Actor
from apps.interactions.models import Interaction
from apps.interactions.services.request import NewInteraction, request_interactions
from apps.kernel import clock
from tests.support.api import Api
from tests.support.factories import home_of, make_key, make_principal

Ask = Callable[..., Interaction]


def actor_of(principal: Principal) -> Actor:
    """The actor behind a principal's key."""
    caller = authenticate(f"Bearer {make_key(principal)}", now=clock.now())
    return Actor.of_caller(caller, address="10.1.2.3", user_agent="curl/8")


def api_of(principal: Principal) -> Api:
    """A client with a principal's own key."""
    return Api(home_of(principal).handle, make_key(principal))


def options(*values: str) -> list[dict[str, str]]:
    return [{"value": value, "label": value.title()} for value in values]


def new_interaction(
    project: Project,
    target_id: str,
    *,
    run_id: str = "run_1",
    task_id: int = 1,
    expires_at: datetime | None = None,
    **config: Any,
) -> NewInteraction:
    """What the engine hands over for a step; ``config`` adds to its block."""
    block = {
        "type": "approval",
        "message": "Approve?",
        "target": {"type": "user", "id": target_id},
        "timeout": "24h",
    }
    return NewInteraction(
        project_id=project.id,
        run_id=run_id,
        task_id=task_id,
        step_name="get-approval",
        config={**block, **config},
        expires_at=expires_at or clock.now() + timedelta(hours=24),
    )


@pytest.fixture
def rita(project: Project) -> Principal:
    """A member who may only look."""
    return make_principal(project, role="Viewer", kind="human", name="rita")


@pytest.fixture
def paul(project: Project) -> Principal:
    """Her teammate, who may do nearly everything."""
    return make_principal(project, role="Admin", kind="human", name="paul")


@pytest.fixture
def robot(project: Project) -> Principal:
    """A service that may answer for people."""
    return make_principal(project, role="Operator", kind="service", name="robot")


@pytest.fixture
def ask(project: Project, rita: Principal) -> Ask:
    """Asks rita on behalf of a run, as the engine would."""

    def asked(**config: Any) -> Interaction:
        request = new_interaction(project, rita.id, **config)
        request_interactions([request], now=clock.now())
        return Interaction.objects.get(pk=request.id)

    return asked
