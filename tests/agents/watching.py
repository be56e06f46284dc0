"""A session that is really committed, and readers of it."""

from dataclasses import dataclass, field
from typing import Any

from apps.identity.models import Project
from tests.agents.scenes import Body, say
from tests.support.api import Api
from tests.support.sse import EventStream


@dataclass
class Scene:
    """A session that is really committed, and readers of it."""

    url: str
    home: Project
    api: Api
    speaker: Api
    agent: Body
    session: Body
    key: str
    opened: list[EventStream] = field(default_factory=list)

    def say(self, *texts: str, role: str = "user") -> None:
        """Say something."""
        by = self.api if role == "user" else self.speaker
        say(by, self.session, *texts, role=role)

    def show(self, type_: str = "generation.delta", **data: Any) -> None:
        """Show what the agent is about to say."""
        body = {"type": type_, "data": data}
        path = f"sessions/{self.session['id']}/previews"
        assert self.speaker.post(path, body).status_code == 204

    def watch(self, key: str = "", path: str = "", **options: Any) -> EventStream:
        """Open a stream of the session and wait until it is held."""
        below = path or f"sessions/{self.session['id']}/stream"
        url = f"{self.url}/v1/projects/acme/{below}"
        stream = EventStream(url, key or self.key, **options)
        self.opened.append(stream)
        return stream

    def live(self, **options: Any) -> EventStream:
        """A stream that has read the table."""
        stream = self.watch(**options)
        stream.await_comment("open")
        return stream
