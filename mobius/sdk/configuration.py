"""Where the server is and who calls: arguments, then variables of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from mobius.sdk.errors import ConfigurationError

_HANDLE: Final = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_KEY: Final = re.compile(
    rf"(?:(?P<before>{_HANDLE})/)?(?P<secret>mb[xc]_[A-Za-z0-9_-]+)"
    rf"(?:\.(?P<after>{_HANDLE}))?"
)


@dataclass(frozen=True, slots=True)
class Access:
    """A server, a key and a project (its handle or id; empty when none is known)."""

    base_url: str
    api_key: str = field(repr=False)
    project: str

    def url(self, path: str) -> str:
        """Return the whole address of ``/v1/…`` or of a path below the project.

        Raises:
            ConfigurationError: the path is below a project and none is known.
        """
        if path.startswith("/"):
            return self.base_url + path
        if not self.project:
            raise ConfigurationError(
                "project: is needed for this call; give project=… or set MOBIUS_PROJECT"
            )
        return f"{self.base_url}/v1/projects/{quote(self.project, safe='')}/{path}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What every request carries."""
        return {
            "Authorization": f"Bearer {self.api_key}",
            "User-Agent": "mobius-sdk-python",
        }


def read_access(
    base_url: str | None, api_key: str | None, project: str | None
) -> Access:
    """Return whom to call and as whom. What is None is read from MOBIUS_BASE_URL (or
    MOBIUS_API_URL), MOBIUS_API_KEY and MOBIUS_PROJECT. A key may carry its project,
    as ``mbx_….handle`` or ``handle/mbx_…``.

    Raises:
        ConfigurationError: something is missing or malformed, or the key is for
            another project than the one that was named.
    """
    names = ("MOBIUS_BASE_URL", "MOBIUS_API_URL")
    url = _first(base_url, *(os.environ.get(name) for name in names))
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise ConfigurationError(
            f"base_url: expected a URL such as https://example.com, got {url!r};"
            " give base_url=… or set MOBIUS_BASE_URL"
        )
    key = _first(api_key, os.environ.get("MOBIUS_API_KEY"))
    match = _KEY.fullmatch(key)
    if match is None:
        raise ConfigurationError(
            "api_key: expected a key that begins with mbx_; give api_key=… or set"
            " MOBIUS_API_KEY"
        )
    named = _first(project, os.environ.get("MOBIUS_PROJECT"))
    handles = {match["before"], match["after"]} - {None}
    names_handle = re.fullmatch(_HANDLE, named) is not None  # else it is an id
    if len(handles) > 1 or (handles and names_handle and named not in handles):
        wanted = " and ".join(sorted(filter(None, {*handles, named})))
        raise ConfigurationError(
            f"project: the key and the project named contradict each other: {wanted}"
        )
    return Access(url.rstrip("/"), key, named or next(iter(handles), "") or "")


def _first(*texts: str | None) -> str:
    """Return the first that says anything, without space around it."""
    return next((text.strip() for text in texts if text and text.strip()), "")


def part(text: str, name: str) -> str:
    """Return a name or id as one part of a path.

    Raises:
        ConfigurationError: there is nothing to put there.
    """
    if not isinstance(text, str) or not text or text in (".", ".."):
        raise ConfigurationError(f"{name}: expected an id or a name, got {text!r}")
    return quote(text, safe="")
