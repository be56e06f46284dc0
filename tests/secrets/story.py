"""Secrets with values that cannot be mistaken, and who has them sent."""

import base64
import html
import json
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import quote

from apps.runs.models import Run
from tests.deliveries.receiver import Receiver, running_receiver
from tests.secrets.looking import written_ways
from tests.support.api import Api
from tests.support.server_actions import run_actions

TOKEN: Final = r"""tk-Zq7"vault"/k+y&<1>\end?"""
NEWER: Final = "tk-Xw3-after-the-rotation"
OF_ACTION: Final = "tk-Jd9-header-of-an-action"
CHOSEN: Final = "wh-Lm2-chosen-for-the-webhook"
CHOSEN_NEXT: Final = "wh-Pa5-chosen-next"
OF_HOOK: Final = "in-Rt4-of-the-integration"
OF_HOOK_NEXT: Final = "in-Vb8-of-it-after-rotation"
OF_TRIGGER: Final = "tr-Ny6-of-the-trigger"
CALLBACK: Final = base64.b64encode(b"cb-Ks1-thirty-two-bytes-of-key!!").decode()
GONE: Final = "tk-Fe0-destroyed"
#: Not secret: found wherever it is looked for, or the looking is at fault.
CANARY: Final = "canary-Hg3-in-the-open"

BEARER: Final = {"secret": "vault", "key": "token", "prefix": "Bearer "}


class Story:
    """What was asked, what came back, and every secret there was. Receivers answer with
    all that they know, in every way it can be written."""

    def __init__(self, api: Api, receivers: ExitStack) -> None:
        self.api = api
        self._receivers = receivers
        self.answers: list[Any] = []
        self.secrets = [TOKEN, NEWER, OF_ACTION, CHOSEN, CHOSEN_NEXT, OF_HOOK]
        self.secrets += [OF_HOOK_NEXT, OF_TRIGGER, CALLBACK, GONE]
        self.asked = self.listen(TOKEN)

    def listen(self, *known: str) -> Receiver:
        """A server of somebody's who knows some of them."""
        receiver = self._receivers.enter_context(running_receiver())
        repeat(receiver, *known)
        return receiver

    def post(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.api.post(path, body, **headers)
        self.answers.append(answer)
        return answer

    def patch(self, path: str, body: Any) -> Any:
        answer = self.api.patch(path, body)
        self.answers.append(answer)
        return answer

    def keep(self, name: str, receiver: Receiver, **values: str) -> None:
        """A secret that may be sent to a receiver."""
        allowed = receiver.url.removesuffix("/hook")
        body = {"name": name, "values": {**values, "allowed_origins": allowed}}
        kept = self.post("secrets", body, **{"Idempotency-Key": f"keep-{name}"})
        assert kept.status_code == 201, kept.content

    def run(self, action: str, **parameters: Any) -> Run:
        """One step that the server does, of a graph, to its end."""
        run_id = self.begin(action, **parameters)
        run_actions()
        return Run.objects.get(id=run_id)

    def begin(self, action: str, **parameters: Any) -> str:
        """The same, begun."""
        step = {"name": "do", "action": action, "action_kind": "server"}
        step["parameters"] = parameters  # type: ignore[assignment]
        spec = {"name": "one", "steps": [step]}
        begun = self.post("runs", {"spec": spec, "metadata": {"note": CANARY}})
        return str(begun.json()["id"])

    def run_loop(self, action: str, **parameters: Any) -> Run:
        """The same, of a loop."""
        config = {"action_name": action, "execution_location": "managed"}
        config["parameters"] = parameters  # type: ignore[assignment]
        steps = [{"id": "do", "kind": "action", "config": config}]
        loop = self.post(
            "loops", {"name": f"l-{len(self.answers)}", "steps": steps}
        ).json()
        begun = self.post(f"loops/{loop['id']}/runs", {})
        run_actions()
        return Run.objects.get(id=begun.json()["id"])


def repeat(receiver: Receiver, *known: str) -> None:
    """Have a receiver answer with what it knows."""
    ways = {way for value in known for way in written_ways(value)}
    ways |= {quote(value) for value in known} | {html.escape(value) for value in known}
    ways |= {value.encode().hex().upper() for value in known}
    padded = [base64.b64encode(f"me:{value}".encode()).decode() for value in known]
    said = {"said": [*sorted(ways), *padded], CANARY: dict.fromkeys(known, 1)}
    receiver.answer = json.dumps(said).encode()
    receiver.headers = {"Content-Type": f"application/json; of={known[0]}"}
