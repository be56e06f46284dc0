"""A real Chromium before a real server, with the files of the pages served."""

from collections.abc import Iterator

import pytest

from apps.identity.models import Principal, Project
from apps.realtime.bridge import DjangoBridge
from mobius.local.browser import find_browser
from mobius.local.errors import LocalError
from mobius.settings import base
from tests.inbox.browser.chromium import DESKTOP, PHONE, Browser, Page
from tests.inbox.conftest import PASSWORD, make_member
from tests.support.factories import make_project
from tests.support.server import running_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of the folder."""
    try:
        program = find_browser()
    except LocalError as error:
        pytest.fail(str(error), pytrace=False)
    running = Browser(program)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def site(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the application; pages come with their style and script."""
    with running_server() as url:
        # The settings of tests leave out whitenoise, which serves those files.
        bridge = DjangoBridge(base.MIDDLEWARE)
        monkeypatch.setattr("mobius.asgi._pages", bridge)
        yield url


@pytest.fixture
def home(transactional_db: None) -> Project:
    """A project whose rows are really committed."""
    return make_project("acme")


@pytest.fixture
def rita(home: Project) -> Principal:
    """A member with an account."""
    return make_member(home, "rita")


@pytest.fixture
def paul(home: Project) -> Principal:
    """Her teammate."""
    return make_member(home, "paul")


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A window of somebody who has not signed in; nothing in it may complain."""
    with browser.page(DESKTOP) as window:
        yield window
        assert window.complaints() == []
        assert window.foreign_requests(site) == []


@pytest.fixture
def phone(browser: Browser, site: str) -> Iterator[Page]:
    """The same on a small phone."""
    with browser.page(PHONE) as window:
        yield window
        assert window.complaints() == []


def sign_in(window: Page, site: str, name: str, path: str = "/inbox/") -> None:
    """Sign in by the form, and arrive at ``path``."""
    window.goto(f"{site}{path}")
    window.type("#id_username", name)
    window.type("#id_password", PASSWORD)
    window.press("Enter")
    window.wait(f"location.pathname === {path!r} && document.readyState === 'complete'")
