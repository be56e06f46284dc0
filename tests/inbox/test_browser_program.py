"""Where the tests find their browser."""

import os
import stat
from pathlib import Path

import pytest

from mobius.local.browser import VARIABLE, find_browser
from mobius.local.errors import LocalError

#: Stand-ins: apt fetches one package, dpkg unpacks a browser from it.
APT = """#!/bin/sh
cache=$(printf '%s\\n' "$@" | sed -n 's/^Dir::Cache=//p')
case " $* " in *" --download-only "*) : > "$cache/archives/chromium.deb";; esac
"""
DPKG = """#!/bin/sh
mkdir -p "$3/usr/lib/chromium" "$3/usr/lib/x86_64-linux-gnu/pulse"
: > "$3/usr/lib/chromium/chromium"
"""
BROKEN = "#!/bin/sh\necho 'E: no network' >&2; exit 100\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs, apart from the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sed", "mkdir", "printf"):
        found = next(d for d in ("/bin", "/usr/bin") if Path(d, name).exists())
        (folder / name).symlink_to(Path(found, name))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    return folder


def put(path: Path, name: str, text: str = "#!/bin/sh\n") -> Path:
    program = path / name
    program.write_text(text)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_the_one_that_is_named_is_taken(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(path, "chromium")
    own = put(tmp_path, "own")
    monkeypatch.setenv(VARIABLE, str(own))

    assert find_browser(tmp_path / "tools").path == own


def test_a_wrong_name_is_told(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere/chromium")

    with pytest.raises(LocalError, match="MOBIUS_BROWSER: there is no program"):
        find_browser(tmp_path / "tools")


def test_then_the_one_that_is_installed(path: Path, tmp_path: Path) -> None:
    installed = put(path, "google-chrome")

    assert find_browser(tmp_path / "tools").path == installed
    assert not (tmp_path / "tools").exists()


def test_else_it_is_fetched_once_and_nothing_is_installed(
    path: Path, tmp_path: Path
) -> None:
    put(path, "apt-get", APT)
    put(path, "dpkg-deb", DPKG)
    tools = tmp_path / "tools"

    found = find_browser(tools)

    assert found.path == tools / "chromium/usr/lib/chromium/chromium"
    assert found.path.exists()
    libraries = found.environ["LD_LIBRARY_PATH"].split(":")
    assert str(tools / "chromium/usr/lib/x86_64-linux-gnu/pulse") in libraries
    assert Path(found.environ["FONTCONFIG_FILE"]).exists()
    assert os.listdir(tools) == ["chromium"]
    put(path, "apt-get", BROKEN)
    assert find_browser(tools) == found


def test_where_none_can_be_had_one_sentence_says_what_to_do(
    path: Path, tmp_path: Path
) -> None:
    with pytest.raises(LocalError, match="need Chromium: install it, or name one"):
        find_browser(tmp_path / "tools")


def test_what_apt_said_is_passed_on(path: Path, tmp_path: Path) -> None:
    put(path, "apt-get", BROKEN)
    put(path, "dpkg-deb", DPKG)

    with pytest.raises(LocalError, match="E: no network"):
        find_browser(tmp_path / "tools")
    assert os.listdir(tmp_path / "tools") == []
