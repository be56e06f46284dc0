"""Which tests pytest-xdist keeps together on one of its processes.

Its own ``--dist loadgroup`` reads marks through a private name that pytest 9.2 no
longer has, so groups are given here by folder.
"""

from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share one running system, or one browser.
TOGETHER = ("tests/contract/", "tests/faults/", "tests/inbox/browser/", "tests/cli/")
#: Files in them that need none.
APART = ("tests/contract/test_permission_matrix", "tests/contract/test_seed_004")


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """A folder with a system of its own stays on one process; the rest is spread
    test by test. The largest group is handed out first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The group of a test: its folder, or the test itself."""
    if nodeid.startswith(APART):
        return nodeid
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid)
