"""What a client sends, how often, and what it makes of the answers."""

import asyncio
from collections.abc import Callable, Iterator
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from mobius.sdk import (
    ApiError,
    AsyncClient,
    AuthError,
    Client,
    ConfigurationError,
    Conflict,
    ConnectionFailed,
    MobiusError,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
)

URL, KEY = "http://mobius.test/prefix", "mbx_" + "k" * 43
NOW = 1_800_000_000.0
Answer = httpx2.Response | Exception
Ask = Callable[..., Any]


class Script:
    """A server that answers what it is told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[httpx2.Request] = []
        self.waited: list[float] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """The server; the clients' clock stands still and their waits are noted."""
    for name in ("BASE_URL", "API_URL", "API_KEY", "PROJECT"):
        monkeypatch.delenv(f"MOBIUS_{name}", raising=False)
    script = Script()

    async def pause(seconds: float) -> None:
        script.waited.append(seconds)

    clock = SimpleNamespace(sleep=script.waited.append, time=lambda: NOW)
    monkeypatch.setattr("mobius.sdk.client.time", clock)
    monkeypatch.setattr("mobius.sdk.async_client.asyncio", SimpleNamespace(sleep=pause))
    return script


@pytest.fixture(params=["with await", "without"])
def ask(request: pytest.FixtureRequest, script: Script) -> Iterator[Ask]:
    """``request`` of both clients."""
    transport = httpx2.MockTransport(script)
    if request.param == "without":
        with Client(URL, KEY, "acme", transport=transport) as client:
            yield client.request
        return

    def ask(*arguments: Any, **more: Any) -> Any:
        async def once() -> Any:
            async with AsyncClient(URL, KEY, "acme", transport=transport) as client:
                return await client.request(*arguments, **more)

        return asyncio.run(once())

    yield ask


def broken(status: int, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, headers=headers, json={"code": "c", "message": "m"})


def test_what_may_be_repeated_is_sent_until_it_succeeds(
    ask: Ask, script: Script
) -> None:
    soon = formatdate(NOW + 7, usegmt=True)
    script.answers = [
        httpx2.ReadError("hung up"),
        broken(503, **{"Retry-After": "900"}),
        broken(429, **{"Retry-After": soon}),
        httpx2.Response(200, json={"id": "run_1"}),
    ]

    found = ask("GET", "runs/run_1", query={"a": None, "b": [1, True], "c": "ü &"})

    assert found == {"id": "run_1"}
    assert len(script.asked) == 4
    assert script.waited == [1.0, 60.0, 7.0]
    for request in script.asked:
        assert str(request.url) == (
            f"{URL}/v1/projects/acme/runs/run_1?b=1&b=true&c=%C3%BC+%26"
        ) or str(request.url).endswith("?b=1&b=true&c=%C3%BC%20%26")
        assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_waits_grow_and_the_last_error_is_told(ask: Ask, script: Script) -> None:
    script.answers = [broken(502), broken(504), broken(500), broken(503)]

    with pytest.raises(Unavailable) as refused:
        ask("DELETE", "/v1/projects/acme")

    assert refused.value.status == 503
    assert script.waited == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "trouble", [lambda: broken(503), lambda: httpx2.ConnectError("nobody")]
)
def test_a_post_is_repeated_only_with_a_key_and_then_with_the_same(
    ask: Ask, script: Script, trouble: Callable[[], Answer]
) -> None:
    script.answers = [trouble()]
    with pytest.raises((Unavailable, ConnectionFailed)):
        ask("POST", "runs", body={"n": 1})
    assert len(script.asked) == 1

    script.answers = [trouble(), httpx2.Response(202, content=b'{"cut'), broken(404)]
    with pytest.raises(NotFound):
        ask("POST", "runs", body={"n": 1}, idempotency_key="once")
    keys = [request.headers.get("Idempotency-Key") for request in script.asked]
    assert keys == [None, "once", "once", "once"]
    assert {request.content for request in script.asked} == {b'{"n": 1}'}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ApiError),
        (401, AuthError),
        (403, PermissionDenied),
        (404, NotFound),
        (409, Conflict),
        (302, ApiError),
    ],
)
def test_an_error_says_what_the_server_said(
    ask: Ask, script: Script, status: int, kind: type[ApiError]
) -> None:
    told = {"code": "odd", "message": "no", "details": {"path": "spec"}}
    headers = {"X-Request-ID": "r1"}
    for body in (told, {"error": told}):
        script.answers = [httpx2.Response(status, json=body, headers=headers)]
        with pytest.raises(kind) as refused:
            ask("GET", "runs")
        error = refused.value
        assert (error.status, error.code, error.message) == (status, "odd", "no")
        assert (error.details, error.request_id) == ({"path": "spec"}, "r1")

    script.answers = [httpx2.Response(status, content=b"<html>gateway</html>")]
    with pytest.raises(kind, match="gateway"):
        ask("GET", "runs")
    assert script.waited == []


def test_a_limit_says_when_to_come_back(ask: Ask, script: Script) -> None:
    limits = {"Limit": "100", "Remaining": "0", "Reset": "1800000042", "Scope": "key"}
    headers = {f"X-RateLimit-{name}": value for name, value in limits.items()}
    script.answers = [broken(429, **headers, **{"Retry-After": "42"}) for _ in "four"]

    with pytest.raises(RateLimited) as refused:
        ask("GET", "runs")

    error = refused.value
    assert (error.retry_after, error.limit, error.remaining) == (42.0, 100, 0)
    assert (error.reset, error.scope) == (1_800_000_042, "key")


def test_what_is_no_json_is_no_answer(ask: Ask, script: Script) -> None:
    script.answers = [httpx2.Response(200, content=b"<html>") for _ in range(4)]
    with pytest.raises(ConnectionFailed, match="JSON"):
        ask("GET", "runs")

    script.answers = [httpx2.Response(204)]
    assert ask("DELETE", "workflows/w") is None

    with pytest.raises(ConfigurationError, match="body"):
        ask("POST", "runs", body={"n": float("nan")})


@pytest.mark.parametrize(
    ("given", "variables", "project"),
    [
        ((URL, KEY, "acme"), {}, "acme"),
        ((URL + "/", f"{KEY}.acme", None), {}, "acme"),
        ((None, f"acme/{KEY}", "acme"), {"BASE_URL": URL}, "acme"),
        ((None, None, None), {"API_URL": URL, "API_KEY": KEY, "PROJECT": "p"}, "p"),
        ((URL, f"{KEY}.acme", "prj_01"), {}, "prj_01"),
        ((URL, KEY, None), {}, ""),
    ],
)
def test_where_and_who_come_from_arguments_and_then_from_the_environment(
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    given: tuple[str | None, ...],
    variables: dict[str, str],
    project: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MOBIUS_{name}", value)

    with Client(*given) as client:
        assert (client.base_url, client.project) == (URL, project)
        assert KEY not in repr(client.access)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((URL, f"{KEY}.acme", "globex"), "project: .* acme and globex"),
        ((URL, f"acme/{KEY}.globex", None), "project"),
        ((URL, None, "acme"), "api_key"),
        ((URL, "sk_live_1", "acme"), "api_key"),
        ((None, KEY, "acme"), "base_url"),
        (("mobius.test", KEY, "acme"), "base_url"),
    ],
)
def test_what_is_missing_or_contradicts_is_refused_before_anything_is_sent(
    script: Script, given: tuple[str | None, ...], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        Client(*given)


def test_without_a_project_only_whole_paths_are_called(script: Script) -> None:
    transport = httpx2.MockTransport(script)
    script.answers = [httpx2.Response(200, json={"items": []})]
    with Client(URL, KEY, transport=transport) as client:
        assert client.request("GET", "/v1/projects") == {"items": []}
        with pytest.raises(ConfigurationError, match="project"):
            client.request("GET", "runs")
        with pytest.raises(ConfigurationError, match="run_id"):
            client.runs.get("")


def test_a_list_is_read_to_its_end(script: Script) -> None:
    pages: list[tuple[str, dict[str, str]]] = [
        ("a", {"next_cursor": "c1"}),
        ("b", {"next_cursor": "c2"}),
        ("c", {}),
    ]
    script.answers = [
        httpx2.Response(200, json={"items": [{"id": id_}], "has_more": bool(at), **at})
        for id_, at in pages
    ]
    with Client(URL, KEY, "p", transport=httpx2.MockTransport(script)) as client:
        found = [run["id"] for run in client.runs.list(status=["failed", "completed"])]

    assert found == ["a", "b", "c"]
    queries = [dict(request.url.params) for request in script.asked]
    assert queries == [
        {"status": "failed,completed"},
        {"status": "failed,completed", "cursor": "c1"},
        {"status": "failed,completed", "cursor": "c2"},
    ]


def test_every_error_is_one_of_ours() -> None:
    for kind in (ApiError, ConnectionFailed, ConfigurationError):
        assert issubclass(kind, MobiusError)
