"""Where a command calls, with which key, in which project; and why there.

The first that says something decides: ``--profile``; the variables MOBIUS_BASE_URL
(or MOBIUS_API_URL), MOBIUS_API_KEY and MOBIUS_PROJECT; MOBIUS_PROFILE; the current
profile of ``mobius login``; the system that ``manage.py up`` runs here. ``--base-url``
and ``--project`` are put over it. A key goes only to the server it was kept for.
"""

import os
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from mobius.cli.failures import AUTH, Failure, UsageFailure
from mobius.cli.local_system import find_local_system
from mobius.cli.profiles import Profile, Profiles, load_profiles

LOGIN_HINT: Final = (
    "run mobius login, set MOBIUS_BASE_URL and MOBIUS_API_KEY, "
    "or start a server here: python3 manage.py up"
)


@dataclass(frozen=True)
class Wanted:
    """What the command line says; empty means nothing."""

    profile: str = ""
    base_url: str = ""
    project: str = ""


@dataclass(frozen=True)
class Connection:
    """Where to call; ``source`` says in words who decided it."""

    base_url: str
    api_key: str
    project: str
    source: str


def resolve(wanted: Wanted) -> Connection:
    """Decide where to call.

    Raises:
        UsageFailure: a profile that does not exist, an address that is none.
        Failure: nobody says where to call, or with which key; exit code 3.
    """
    kept, source = _kept(wanted.profile)
    variables = Profile("", "", "") if wanted.profile else _variables()
    base_url = wanted.base_url or variables.base_url or kept.base_url
    if not base_url:
        raise Failure(source, code="not_logged_in", hint=LOGIN_HINT, exit_code=AUTH)
    _check_address(base_url)
    same_server = _origin(base_url) == _origin(kept.base_url)
    api_key = variables.api_key or (kept.api_key if same_server else "")
    if not api_key:
        raise Failure(
            f"there is no key for {base_url}",
            code="not_logged_in",
            hint="set MOBIUS_API_KEY, or run mobius login",
            exit_code=AUTH,
        )
    project = wanted.project or variables.project
    own_key = bool(variables.api_key) and variables.api_key != kept.api_key
    if not project and not own_key:
        project = kept.project
    if variables.api_key or variables.base_url:
        source = "environment variables"
    return Connection(base_url.rstrip("/"), api_key, project, source)


def chosen_profile(name: str, profiles: Profiles) -> str:
    """The profile to take or to write: by option, variable, or the current one."""
    return name or os.environ.get("MOBIUS_PROFILE", "") or profiles.current


def _kept(name: str) -> tuple[Profile, str]:
    """What is kept for this user and where; without any, an empty one and why."""
    named = name or os.environ.get("MOBIUS_PROFILE", "")
    profiles = load_profiles()
    profile = profiles.get(named or profiles.current)
    if profile is not None:
        return profile, f"profile {named or profiles.current}"
    if named:
        known = ", ".join(profiles.names()) or "none yet"
        raise UsageFailure(
            f"there is no profile {named}; known: {known}",
            hint=f"run mobius --profile {named} login",
        )
    local, why_not = find_local_system()
    if local is not None:
        return local, "the system that manage.py up runs here"
    return Profile("", "", ""), f"no server is configured, and {why_not}"


def _variables() -> Profile:
    here = os.environ
    return Profile(
        here.get("MOBIUS_BASE_URL") or here.get("MOBIUS_API_URL") or "",
        here.get("MOBIUS_API_KEY", ""),
        here.get("MOBIUS_PROJECT", ""),
    )


def _check_address(base_url: str) -> None:
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageFailure(
            f"{base_url} is no address of a server: expected http(s)://host[:port]"
        )


def _origin(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise UsageFailure(f"{url}: the port is not a number") from None
    return parts.scheme, parts.hostname or "", port, parts.path.rstrip("/")
