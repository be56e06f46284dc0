"""Named servers and keys, kept in one private file below the user's configuration."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mobius.cli.failures import Failure, UsageFailure
from mobius.cli.private_files import Unsafe, read_private, write_private

DEFAULT_NAME = "default"


@dataclass(frozen=True)
class Profile:
    """Where to call, with which key, in which project."""

    base_url: str
    api_key: str
    project: str


@dataclass(frozen=True)
class Profiles:
    """Every profile, by name; ``current`` is taken when nobody names one."""

    current: str = DEFAULT_NAME
    named: Mapping[str, Profile] | None = None

    def get(self, name: str) -> Profile | None:
        """The profile of this name, if there is one."""
        return (self.named or {}).get(name)

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted(self.named or {})

    def having(self, name: str, profile: Profile) -> "Profiles":
        """These and one more, which is the current one from now on."""
        return Profiles(name, {**(self.named or {}), name: profile})

    def without(self, name: str) -> "Profiles":
        """These but one."""
        rest = {n: p for n, p in (self.named or {}).items() if n != name}
        current = self.current if self.current in rest else min(rest, default="")
        return replace(self, current=current or DEFAULT_NAME, named=rest)


def profiles_path() -> Path:
    """``$XDG_CONFIG_HOME/mobius/profiles.json``, by default below ``~/.config``."""
    home = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return Path(home) / "mobius" / "profiles.json"


def load_profiles() -> Profiles:
    """Read the file; none yet is no profiles.

    Raises:
        Failure: the file is damaged, or others could read it.
    """
    path = profiles_path()
    try:
        text = read_private(path)
    except Unsafe as error:
        raise UsageFailure(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}") from None
    if text is None:
        return Profiles()
    try:
        kept = json.loads(text)
        named = {str(n): _profile(p) for n, p in kept["profiles"].items()}
        return Profiles(str(kept["current"]), named)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageFailure(
            f"{path} is damaged ({error}); remove it and run mobius login again"
        ) from None


def save_profiles(profiles: Profiles) -> Path:
    """Write the file for this user only; return where it is."""
    kept = {n: asdict(p) for n, p in sorted((profiles.named or {}).items())}
    body = {"current": profiles.current, "profiles": kept}
    path = profiles_path()
    try:
        write_private(path, json.dumps(body, indent=2) + "\n")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
    return path


def _profile(kept: Mapping[str, Any]) -> Profile:
    return Profile(
        str(kept["base_url"]), str(kept["api_key"]), str(kept.get("project") or "")
    )
