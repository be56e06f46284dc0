"""Which tests pytest-xdist keeps together on one of its processes.

Its own ``--dist loadgroup`` reads marks through a private name that pytest 9.2 no
longer has, so groups are given here by folder.
"""

from xdist.scheduler import LoadScopeScheduling

#: Folders whose tests share one running system, or one browser.
TOGETHER = (
    ("tests/contract/", "tests/sdk/", "tests/cli/"),
    ("tests/faults/",),
    ("tests/inbox/browser/",),
)
#: Files in them that need none.
APART = (
    *("tests/contract/test_permission_matrix", "tests/contract/test_seed_004"),
    *("tests/sdk/test_requests", "tests/sdk/test_feeds", "tests/sdk/test_verify"),
    *("tests/cli/test_help", "tests/cli/test_inputs", "tests/cli/test_output"),
    "tests/cli/test_connection",
)


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """A folder with a system of its own stays on one process; the rest is spread
    test by test. The largest group is handed out first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The group of a test: its folder, with those it shares with, or the test."""
    if nodeid.startswith(APART):
        return nodeid
    shared = (folders for folders in TOGETHER if nodeid.startswith(folders))
    return next(shared, (nodeid,))[0]
