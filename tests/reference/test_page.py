"""The interactive page in a real browser, under its own policy, without a network."""

from apps.reference.document import document
from tests.inbox.browser.chromium import Page

#: How Swagger UI marks what this test looks at.
OPERATION = "#operations-Runs-startRun"


def test_every_chapter_is_on_the_page_and_an_endpoint_opens(
    page: Page, site: str
) -> None:
    page.goto(f"{site}/reference/")
    page.wait("document.querySelectorAll('.opblock-tag').length > 5", seconds=30)

    shown = page.run(
        "[...document.querySelectorAll('.opblock-tag')].map(each => each.dataset.tag)"
    )
    assert shown == [tag["name"] for tag in document()["tags"]]
    assert page.title == "API reference · Mobius"

    page.click("#operations-tag-Runs")
    page.wait(f"document.querySelector('{OPERATION}')")
    page.click(f"{OPERATION} .opblock-summary-control")
    for told in ("mobius.run.start", "Idempotency-Key", "X-RateLimit-Remaining"):
        page.wait_for_text(told)
    # Complaints of the policy and requests to elsewhere fail the test: see ``page``.


def test_an_endpoint_can_be_linked_and_tried_out(page: Page, site: str) -> None:
    page.goto(f"{site}/reference/#/Health/getHealth")
    page.wait("document.querySelector('.try-out__btn')", seconds=30)

    page.click(".try-out__btn")
    page.wait("document.querySelector('.execute')")
    page.click(".execute")

    page.wait_for_text("postgresql")
