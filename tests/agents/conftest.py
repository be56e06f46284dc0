"""A project with an agent and a session with it."""

import pytest

from apps.identity.models import Project
from tests.agents.scenes import Body, api_of, make_agent, open_session
from tests.support.api import Api


@pytest.fixture
def agent(api: Api) -> Body:
    """An agent, as the API shows it."""
    return make_agent(api)


@pytest.fixture
def session(api: Api, agent: Body) -> Body:
    """A session with the agent."""
    return open_session(api, agent)


@pytest.fixture
def speaker(api: Api, agent: Body) -> Api:
    """A client with a key of the agent's own."""
    return api_of(agent, api.project)


@pytest.fixture
def project_id(project: Project) -> str:
    """The id of the project."""
    return project.id
