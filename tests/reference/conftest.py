"""The browser of the inbox's tests, for the page of the reference."""

from tests.inbox.browser.conftest import browser, page, site

__all__ = ["browser", "page", "site"]
