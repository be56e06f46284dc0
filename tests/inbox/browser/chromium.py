"""Drives a real Chromium through its own protocol: a browser, pages, keys, clicks.

One socket, one command at a time. Everything that waits has a deadline.
"""

import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from mobius.local.browser import BrowserProgram
from mobius.local.children import Child, Guard
from tests.support.waiting import wait_until

COMMAND_SECONDS = 30
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
DESKTOP = (1280, 860)
PHONE = (360, 740)
#: Keys that are more than their own character.
_KEYS = {"Enter": ("\r", 13), "Tab": ("", 9), "Escape": ("", 27)}
#: The sandbox needs rights that root and containers lack; only our pages are shown.
_FLAGS = (
    "--no-sandbox",
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-proxy-server",
)


class Browser:
    """One Chromium process with a profile of its own."""

    def __init__(self, program: BrowserProgram) -> None:
        self._profile = Path(tempfile.mkdtemp(prefix="mobius-browser-"))
        self._log = self._profile / "log"
        self._guard = Guard()
        self._guard.remove_at_end(self._profile)
        home = {"HOME": str(self._profile)}
        self._child = Child(
            "browser",
            [
                str(program.path),
                *_FLAGS,
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            self._log,
            {**os.environ, **program.environ, **home},
        )
        self._socket: ClientConnection | None = None
        self._open = ExitStack()
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    def start(self) -> None:
        """Start it and connect."""
        self._child.start(self._guard)
        port_file = self._profile / "DevToolsActivePort"
        wait_until(lambda: _has_two_lines(port_file), seconds=30)
        port, path = port_file.read_text().split()
        address = f"ws://127.0.0.1:{port}{path}"
        self._socket = self._open.enter_context(
            connect(address, max_size=MESSAGE_BYTES_MAX, proxy=None)
        )

    def stop(self) -> None:
        """End it and remove its profile."""
        self._open.close()
        self._child.end_at_once()
        self._child.finish(self._guard)
        self._guard.dismiss()
        shutil.rmtree(self._profile, ignore_errors=True)

    @contextmanager
    def page(self, size: tuple[int, int] = DESKTOP) -> Iterator["Page"]:
        """A window of somebody: with cookies that nobody else has."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        yield self.tab(context, size)
        self.call("Target.disposeBrowserContext", browserContextId=context)

    def tab(self, context: str, size: tuple[int, int] = DESKTOP) -> "Page":
        """One more page that shares the cookies of ``context``."""
        target = self.call(
            "Target.createTarget", url="about:blank", browserContextId=context
        )["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)
        return Page(self, context, session["sessionId"], size)

    def call(self, method: str, session: str = "", **params: Any) -> Any:
        """Send a command and return its result; note the events before it."""
        assert self._socket is not None
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.recv(timeout=COMMAND_SECONDS))
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)


class Page:
    """One window. A selector that finds nothing fails the test."""

    def __init__(
        self, browser: Browser, context: str, session: str, size: tuple[int, int]
    ) -> None:
        self._browser = browser
        self.context = context
        self._session = session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=size[0] < 500,
        )

    def goto(self, url: str) -> None:
        """Open an address and wait until the page is there."""
        self._call("Page.navigate", url=url)
        self.wait(f"location.href !== 'about:blank' && {_READY}")

    def run(self, script: str) -> Any:
        """Return the value of a JavaScript expression in the page."""
        answer = self._call(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str, seconds: float = 15) -> None:
        """Wait until an expression is true, whatever page is shown by then."""
        wait_until(lambda: self._is_true(script), seconds=seconds, every=0.02)

    def wait_for_text(self, text: str, seconds: float = 15) -> None:
        """Wait until the page shows ``text``."""
        wanted = json.dumps(text)
        try:
            self.wait(
                f"{_READY} && document.body.innerText.includes({wanted})", seconds
            )
        except AssertionError:
            raise AssertionError(f"no {text!r} in:\n{self.text}") from None

    @property
    def text(self) -> str:
        """What the page shows."""
        return str(self.run("document.body.innerText"))

    @property
    def title(self) -> str:
        """The title of the window."""
        return str(self.run("document.title"))

    @property
    def path(self) -> str:
        """Where we are."""
        return str(self.run("location.pathname"))

    @property
    def focused(self) -> str:
        """The words of the element that has the focus."""
        return str(self.run("document.activeElement.innerText || ''")).strip()

    def click(self, selector: str) -> None:
        """Click with the mouse in the middle of an element."""
        place = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " if (!e) return null; e.scrollIntoView({block: 'center'});"
            " const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        assert place is not None, f"no {selector} in:\n{self.text}"
        for kind in ("mousePressed", "mouseReleased"):
            self._call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="left",
                clickCount=1,
            )

    def type(self, selector: str, text: str) -> None:
        """Replace what is in a field."""
        found = self.run(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " if (!e) return false; e.focus(); e.select(); return true; })()"
        )
        assert found, f"no {selector} in:\n{self.text}"
        self._call("Input.insertText", text=text)

    def press(self, *keys: str) -> None:
        """Press keys of the keyboard, one after the other."""
        for key in keys:
            text, code = _KEYS.get(key, (key, ord(key.upper()[0])))
            common = {"key": key, "windowsVirtualKeyCode": code}
            down = {"text": text} if text else {}
            self._call("Input.dispatchKeyEvent", type="keyDown", **common, **down)
            self._call("Input.dispatchKeyEvent", type="keyUp", **common)

    def screenshot(self, file: Path, *, whole: bool = True) -> None:
        """Keep a picture of the page."""
        answer = self._call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def disable_scripts(self) -> None:
        """Run none of the page's own scripts from now on; ours still do."""
        self._call("Emulation.setScriptExecutionDisabled", value=True)

    def set_dark(self, dark: bool) -> None:
        """Prefer dark colours, or light ones."""
        value = "dark" if dark else "light"
        feature = {"name": "prefers-color-scheme", "value": value}
        self._call("Emulation.setEmulatedMedia", features=[feature])

    def complaints(self) -> list[str]:
        """What the browser found wrong: errors of scripts, refused contents."""
        self.run("0")
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"]))
            elif event["method"] == "Log.entryAdded":
                entry = params["entry"]
                if entry["level"] == "error" and entry["source"] != "network":
                    found.append(entry["text"])
        return found

    def foreign_requests(self, origin: str) -> list[str]:
        """Addresses that were asked for and are not of ``origin``."""
        urls = [
            event["params"]["request"]["url"]
            for event in self._browser.events
            if event.get("sessionId") == self._session
            and event["method"] == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith((origin, "about:", "data:"))]

    def _is_true(self, script: str) -> bool:
        """A page that is just being left has no answer yet."""
        answer = self._browser.call(
            "Runtime.evaluate",
            self._session,
            expression=f"Boolean({script})",
            returnByValue=True,
        )
        return bool(answer.get("result", {}).get("value") is True)

    def _call(self, method: str, **params: Any) -> Any:
        return self._browser.call(method, self._session, **params)


_READY = "document.readyState === 'complete'"


def _has_two_lines(file: Path) -> bool:
    return file.exists() and len(file.read_text().split()) == 2
