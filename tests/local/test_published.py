"""Published clients: locked, hash-checked, each in a folder of its own."""

from importlib.metadata import distributions
from pathlib import Path

import pytest

from mobius.local import published
from mobius.local.errors import LocalError
from mobius.local.locking import names_an_index
from mobius.local.published import CLIENTS_LOCK, find_client, locked_clients


def test_the_lock_names_versions_and_hashes_but_no_index() -> None:
    assert [*locked_clients()] == ["0.0.23", "0.0.28", "0.0.61"]
    for line in locked_clients().values():
        assert line.startswith("deepnoodle-mobius==")
        assert line.count("--hash=sha256:") == 1
    assert not names_an_index(CLIENTS_LOCK)


@pytest.mark.parametrize("version", ["0.0.23", "0.0.28", "0.0.61"])
def test_a_folder_holds_one_version_and_nothing_else(version: str) -> None:
    folder = find_client(version)

    (found,) = distributions(path=[str(folder)])

    assert (found.name, found.version) == ("deepnoodle-mobius", version)
    assert find_client(version) == folder


def test_a_client_that_differs_from_the_lock_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "clients.lock"
    lock.write_text(f"deepnoodle-mobius==0.0.28 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(published, "CLIENTS_LOCK", lock)
    monkeypatch.setattr(published, "environment_home", lambda: tmp_path)

    with pytest.raises(LocalError, match=r"deepnoodle-mobius==0\.0\.28 could not"):
        find_client("0.0.28")

    assert not list((tmp_path / ".tools").glob("client-*"))
