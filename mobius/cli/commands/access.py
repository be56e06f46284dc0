"""``login``, ``logout``, ``whoami``."""

import os
import sys
from typing import Any, Final

import click

from mobius.cli.connection import Connection, chosen_profile
from mobius.cli.failures import UsageFailure
from mobius.cli.profiles import Profile, load_profiles, save_profiles
from mobius.cli.projects import with_project
from mobius.cli.shell import Command, Session, open_client, with_session

DEFAULT_BASE_URL: Final = "http://127.0.0.1:8000"
_PREFIX_CHARACTERS: Final = 12


@click.command(
    cls=Command,
    examples=(
        "mobius login --base-url https://mobius.example.com",
        "mobius --profile work login --api-key-stdin < key.txt",
    ),
)
@click.option("--api-key-stdin", is_flag=True, help="read the key from standard input")
@with_session
def login(session: Session, api_key_stdin: bool) -> None:
    """Check a key against its server and keep both in a profile.

    The key is typed hidden, or comes on standard input; it is never an argument. The
    file is for its owner only.
    """
    profiles = load_profiles()
    name = chosen_profile(session.profile, profiles)
    known = profiles.get(name)
    base_url = session.base_url or os.environ.get("MOBIUS_BASE_URL", "")
    if not base_url:
        usual = known.base_url if known else DEFAULT_BASE_URL
        base_url = usual if api_key_stdin else click.prompt("Base URL", default=usual)
    api_key = _read_key(from_stdin=api_key_stdin)
    asked = session.project or os.environ.get("MOBIUS_PROJECT", "")
    found = _check(Connection(base_url.rstrip("/"), api_key, asked, ""))
    profile = Profile(base_url.rstrip("/"), api_key, found)
    path = save_profiles(profiles.having(name, profile))
    session.out.done(
        {"profile": name, "base_url": profile.base_url, "project": found}
        | {"file": str(path)},
        f"Profile [bold]{name}[/bold]: project [bold]{found}[/bold] "
        f"at {profile.base_url}, kept in {path}",
    )


@click.command(cls=Command, examples=("mobius logout", "mobius --profile work logout"))
@with_session
def logout(session: Session) -> None:
    """Forget a profile and its key. The key itself stays valid: see keys revoke."""
    profiles = load_profiles()
    name = chosen_profile(session.profile, profiles)
    if profiles.get(name) is None:
        raise UsageFailure(f"there is no profile {name}", hint="look at mobius whoami")
    save_profiles(profiles.without(name))
    session.out.done({"forgotten": name}, f"Profile [bold]{name}[/bold] is forgotten.")


@click.command(cls=Command, examples=("mobius whoami", "mobius whoami -o json"))
@with_session
def whoami(session: Session) -> None:
    """Show which server, project and key are used, who decided it, and as whom."""
    connection = session.connection
    project = session.client.project
    session.client.request("GET", f"/v1/projects/{project}")
    told: dict[str, Any] = {
        "base_url": connection.base_url,
        "project": project,
        "key": f"{_secret_part(connection.api_key)[:_PREFIX_CHARACTERS]}…",
        "decided_by": connection.source,
        "profiles": load_profiles().names(),
    }
    session.out.document(told | _principal(session))


def _read_key(*, from_stdin: bool) -> str:
    if from_stdin:
        key = sys.stdin.readline().strip()
    elif sys.stdin.isatty():
        key = str(click.prompt("API key", hide_input=True)).strip()
    else:
        raise UsageFailure(
            "standard input is no terminal, so the key cannot be typed",
            hint="mobius login --api-key-stdin < key.txt",
        )
    if not key:
        raise UsageFailure("expected a key that begins with mbx_, got nothing")
    return key


def _check(connection: Connection) -> str:
    """The project of the key, once the server has taken it.

    Raises:
        Failure: it is not clear which.
        MobiusError: the server refuses.
    """
    named = with_project(connection)
    with open_client(named) as client:
        client.request("GET", f"/v1/projects/{named.project}")
    return named.project


def _principal(session: Session) -> dict[str, Any]:
    """The key's name, principal and roles, as far as the key may see them."""
    from mobius.sdk import ApiError

    secret = _secret_part(session.connection.api_key)
    client = session.client
    try:
        for key in client.pages("api-keys", {"limit": 200}):
            if secret.startswith(str(key.get("key_prefix") or "\0")):
                principal = client.request("GET", f"principals/{key['principal_id']}")
                return {
                    "key_name": key["name"],
                    "principal": principal["name"],
                    "principal_id": principal["id"],
                    "roles": principal["role_names"],
                }
    except ApiError:  # it may not manage access: then it does not see who it is
        return {}
    return {}


def _secret_part(api_key: str) -> str:
    return api_key.rpartition("/")[2].partition(".")[0]
