"""A program around one published client: calls in on lines of JSON, answers out.

    python client_driver.py SOCKET

Who connects to SOCKET gets a process of its own, split off with the client already
read. The first line is ``{"base_url": ..., "api_key": ..., "project": ...}``. A call is
``[method, *arguments]``; ``{"$": "StartRunOptions", ...}`` among them is an options
object of the client. ``["parsed", model, method, path, body]`` is a request that the
client has no method for, read by its model of that name. An answer is
``{"value": ...}``, or ``{"error": ...}`` with what the client raised. What a method
yields is read to its end.
"""

import dataclasses
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from typing import Any, TextIO

import httpx
from deepnoodle import mobius
from deepnoodle.mobius import client as module
from deepnoodle.mobius._api import models


def main() -> None:
    """Split off a process for each connection until it is ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _serve(connection.makefile("r"), connection.makefile("w"))
                os._exit(0)
            connection.close()


def _serve(calls: TextIO, answers: TextIO) -> None:
    """Answer calls until there are no more lines."""
    options = mobius.ClientOptions(**json.loads(calls.readline()))
    told = {"value": version("deepnoodle-mobius"), "file": mobius.__file__}
    _say(answers, {**told, "pid": os.getpid()})
    with mobius.Client(options) as client:
        for line in calls:
            name, *arguments = json.loads(line)
            method = partial(_parsed, client) if name == "parsed" else None
            method = method or getattr(client, name)
            _say(answers, _answer(method, [_given(each) for each in arguments]))


def _answer(method: Any, arguments: list[Any]) -> dict[str, Any]:
    try:
        return {"value": _told(method(*arguments))}
    except httpx.HTTPStatusError as error:
        told = error.response
        said = told.read().decode()[:4000]
        return {"error": type(error).__name__, "status": told.status_code, "said": said}
    except Exception as error:
        status = getattr(error, "status", None) or getattr(error, "status_code", None)
        return {
            "error": type(error).__name__,
            "status": status,
            "said": str(error)[:4000],
        }


def _parsed(client: Any, model: str, method: str, path: str, body: Any = None) -> Any:
    answer = client._request(method, f"/v1/projects/{{project}}/{path}", json=body)
    return getattr(models, model).model_validate(answer.json())


def _given(value: Any) -> Any:
    """Return an argument as the client wants it."""
    if not isinstance(value, dict) or "$" not in value:
        return value
    fields = {name: each for name, each in value.items() if name != "$"}
    return getattr(module, value["$"])(**fields)


def _told(value: Any) -> Any:
    """Return what the client made of an answer, as JSON can say it."""
    if isinstance(value, Iterator):
        return [_told(each) for each in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", exclude_none=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {
            each.name: getattr(value, each.name) for each in dataclasses.fields(value)
        }
        return {name: _told(each) for name, each in fields.items()}
    return value


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(f"{json.dumps(answer)}\n")
    answers.flush()


if __name__ == "__main__":
    main()
