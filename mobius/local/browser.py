"""Where the browser of the tests comes from.

First ``MOBIUS_BROWSER``, then a Chromium that is installed, then, on Debian, the
packages of Chromium unpacked into ``.tools``: nothing is installed on the machine and
nobody has to be root. Elsewhere there is one sentence that says what to do.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mobius.local.environment import ROOT
from mobius.local.errors import LocalError

VARIABLE = "MOBIUS_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("chromium", "fonts-dejavu-core")
APT_PROGRAMS = ("apt-get", "dpkg-deb")
LINES_SHOWN = 5

_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>/usr/share/fonts</dir><dir>{fonts}</dir><cachedir>{cache}</cachedir>
</fontconfig>
"""


@dataclass(frozen=True)
class BrowserProgram:
    """A Chromium and the variables it needs."""

    path: Path
    environ: Mapping[str, str] = field(default_factory=dict)


def find_browser(home: Path = ROOT / ".tools") -> BrowserProgram:
    """A Chromium that runs here; unpacked into ``home`` if need be."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise LocalError(f"{VARIABLE}: there is no program {chosen}.")
        return BrowserProgram(Path(chosen))
    for name in NAMES:
        on_path = shutil.which(name)
        if on_path:
            return BrowserProgram(Path(on_path))
    folder = home / "chromium"
    if not folder.exists():
        unpack_packages(folder)
    return unpacked_browser(folder)


def unpack_packages(folder: Path, *options: str) -> None:
    """Fetch Chromium and what it lacks here with apt, and unpack it as ``folder``.

    ``options`` go to apt-get. A folder that exists is complete.
    """
    missing = [name for name in APT_PROGRAMS if shutil.which(name) is None]
    if missing:
        raise LocalError(
            "The tests in tests/inbox/browser need Chromium: install it, or name one"
            f" in {VARIABLE} (it can be fetched only on Debian)."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="chromium-") as name:
        work = Path(name)
        for part in ("lists/partial", "cache/archives/partial", "root"):
            (work / part).mkdir(parents=True)
        apt = [
            "apt-get",
            "-qq",
            *("-o", f"Dir::State::lists={work / 'lists'}"),
            *("-o", f"Dir::Cache={work / 'cache'}"),
            *("-o", "Debug::NoLocking=true", "-o", "APT::Sandbox::User="),
            *("-o", "APT::Keep-Downloaded-Packages=true"),
            *("-o", "APT::Install-Recommends=false"),
            *options,
        ]
        _run([*apt, "update"])
        _run([*apt, "install", "-y", "--download-only", *PACKAGES])
        for package in sorted((work / "cache" / "archives").glob("*.deb")):
            _run(["dpkg-deb", "-x", str(package), str(work / "root")])
        try:
            (work / "root").rename(folder)
        except OSError:
            if not folder.exists():  # else somebody else was quicker
                raise


def unpacked_browser(folder: Path) -> BrowserProgram:
    """The Chromium in a folder of unpacked packages; it needs its own libraries."""
    libraries = [
        *folder.glob("usr/lib/*-linux-gnu*"),
        *folder.glob("lib/*-linux-gnu*"),
    ]
    inner = [path for top in libraries for path in top.iterdir() if path.is_dir()]
    fonts = folder / "fonts.conf"
    if not fonts.exists():
        cache = folder / "fonts-cache"
        text = _FONTS.format(fonts=folder / "usr/share/fonts", cache=cache)
        fonts.write_text(text)
    return BrowserProgram(
        folder / "usr/lib/chromium/chromium",
        {
            "LD_LIBRARY_PATH": ":".join(map(str, [*libraries, *inner])),
            "FONTCONFIG_FILE": str(fonts),
        },
    )


def _run(argv: list[str]) -> None:
    done = subprocess.run(
        argv,
        check=False,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-LINES_SHOWN:])
        raise LocalError(
            f"The tests in tests/inbox/browser need Chromium, and it could not be"
            f" fetched: install it, or name one in {VARIABLE}.\n{said}"
        )
