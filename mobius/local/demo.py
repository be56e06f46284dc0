"""The demonstration: one run of the guide's workflow, told live on the terminal."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

from mobius.local.client import ApiError, Client
from mobius.local.console import Console

#: Not the guide's own name, which stays free for whoever follows the guide.
WORKFLOW_NAME = "Demo: Ingest document"
STEPS = ("parse", "index")
SPEC: dict[str, Any] = {
    "name": "ingest-document",
    "inputs": [{"name": "doc_url", "type": "string"}],
    "steps": [
        {
            "name": "parse",
            "action": "doc.parse",
            "parameters": {"doc_url": "${inputs.doc_url}"},
            "store": "parsed",
        },
        {
            "name": "index",
            "action": "doc.index",
            "parameters": {"pages": "${state.parsed.pages}"},
        },
    ],
}
DOCUMENT = "https://example.com/handbook/chapter-3/how-a-run-survives-a-restart.pdf"
FINISHED = {"completed", "failed", "cancelled"}
BAR_CELLS = 10
DETAIL_CHARACTERS_MAX = 60


class Timeline:
    """Turns the frames of a run's stream into lines with a progress bar."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._done: set[str] = set()
        self._percent_of_step = 0

    def line(self, frame: dict[str, Any]) -> str:
        """One frame as one line: elapsed time, progress, what happened."""
        data = frame.get("data") or {}
        kind = str(data.get("event") or data.get("type") or frame.get("type"))
        self._note(kind, data)
        elapsed = (time.monotonic() - self._started) * 1000
        return (
            f"  {elapsed:6.0f} ms  {self._bar()}  {kind:<17} {_detail(data)}".rstrip()
        )

    def _note(self, kind: str, data: dict[str, Any]) -> None:
        step = str(data.get("step") or data.get("step_name") or "")
        if kind == "step.completed" and step:
            self._done.add(step)
            self._percent_of_step = 0
        elif isinstance(data.get("pct"), int):
            self._percent_of_step = data["pct"]
        if data.get("status") == "completed" and "run" in kind:
            self._done.update(STEPS)

    def _bar(self) -> str:
        share = len(self._done & set(STEPS)) + self._percent_of_step / 100
        filled = min(BAR_CELLS, round(BAR_CELLS * share / len(STEPS)))
        return "█" * filled + "░" * (BAR_CELLS - filled)


def _detail(data: dict[str, Any]) -> str:
    """What a person wants to know of a frame, in a few words."""
    told = [str(data[name]) for name in ("step", "action") if data.get(name)]
    if data.get("worker_id"):
        told.append(f"by {data['worker_id']}")
    if isinstance(data.get("attempt"), int) and data["attempt"] > 1:
        told.append(f"attempt {data['attempt']}")
    if "duration_ms" in data:
        told.append(f"in {data['duration_ms']} ms")
    if "pct" in data:
        told.append(f"{data['pct']} % {data.get('doing', '')}".rstrip())
    if not told and data.get("status"):
        told.append(str(data["status"]))
    if data.get("error"):
        told.append(str(data["error"]))
    return ", ".join(told)[:DETAIL_CHARACTERS_MAX]


def run_demo(console: Console, client: Client, project: str) -> bool:
    """Run the workflow, print its timeline and result; say whether it completed."""
    base = f"/v1/projects/{project}"
    workflow = find_or_create_workflow(client, base)
    body = {"definition_id": workflow["id"], "inputs": {"doc_url": DOCUMENT}}
    timeline = Timeline()
    run = client.call("POST", f"{base}/runs", body)
    console.line(f"\n{WORKFLOW_NAME}: {run['id']}")
    for frame in client.events(f"{base}/runs/{run['id']}/events"):
        console.line(timeline.line(frame))
        if _is_last(frame):
            break
    finished = client.call("GET", f"{base}/runs/{run['id']}")
    console.line(f"  {finished['status']}: {_result(finished)}")
    return bool(finished["status"] == "completed")


def find_or_create_workflow(client: Client, base: str) -> dict[str, Any]:
    """The demonstration's workflow in the project at ``base``, made if missing."""
    for workflow in _workflows(client, base):
        if workflow["name"] == WORKFLOW_NAME:
            return workflow
    body = {"name": WORKFLOW_NAME, "spec": SPEC}
    made: dict[str, Any] = client.call("POST", f"{base}/workflows", body)
    return made


def _workflows(client: Client, base: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = client.call("GET", f"{base}/workflows?limit=100{cursor}")
        yield from page["items"]
        if not page.get("has_more"):
            return
        cursor = f"&cursor={page['next_cursor']}"


def _is_last(frame: dict[str, Any]) -> bool:
    status = (frame.get("data") or {}).get("status")
    return frame.get("type") == "run_updated" and status in FINISHED


def _result(run: dict[str, Any]) -> str:
    if run.get("result_b64"):
        return json.dumps(json.loads(base64.b64decode(run["result_b64"])))
    return str(run.get("error_message") or "no output")


def is_key_accepted(client: Client, project: str) -> bool:
    """Whether the server knows the client's key."""
    try:
        client.call("GET", f"/v1/projects/{project}/workflows?limit=1")
    except ApiError as error:
        if error.status == 401:
            return False
        raise
    return True
