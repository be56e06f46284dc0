"""Answering by a link that came by mail: a click, and nothing before it."""

from datetime import timedelta

from apps.identity.models import Principal
from apps.interactions.links import LIFETIME, link_token
from apps.interactions.models import Channel, Interaction, InteractionResponse
from apps.kernel import clock
from tests.inbox.browser.chromium import Page
from tests.inbox.browser.conftest import sign_in
from tests.inbox.conftest import ask


def link(
    site: str,
    question: Interaction,
    person: Principal,
    *,
    ago: timedelta = timedelta(0),
) -> str:
    """The address of a link that was made some time ago."""
    token = link_token(question, person.id, now=clock.now() - ago)
    return f"{site}/inbox/link/{token}"


def test_a_link_shows_the_request_and_needs_a_click(
    phone: Page, site: str, rita: Principal
) -> None:
    question = ask(rita, context={"order": 1042})
    address = link(site, question, rita)

    phone.goto(address)
    phone.wait_for_text("You answer as rita")
    assert "1042" in phone.text
    question.refresh_from_db()
    assert question.status == "pending"
    phone.click(".reject")

    phone.wait_for_text("Your answer is recorded")
    question.refresh_from_db()
    assert question.value is False
    response = InteractionResponse.objects.get(interaction_id=question.id)
    assert response.channel == Channel.LINK
    phone.goto(address)
    phone.wait_for_text("Your answer is recorded")
    assert "Reject" not in phone.text.replace("Rejected", "")


def test_an_expired_link_says_so_and_shows_nothing(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita)

    page.goto(link(site, question, rita, ago=LIFETIME + timedelta(minutes=1)))

    page.wait_for_text("This link has expired")
    assert question.message not in page.text


def test_a_link_of_somebody_else_is_not_for_me(
    page: Page, site: str, rita: Principal, paul: Principal
) -> None:
    question = ask(rita)
    address = link(site, question, rita)
    sign_in(page, site, "paul")

    page.goto(address)

    page.wait_for_text("This link is for rita")
    assert question.message not in page.text
    page.click("main form .button")
    page.wait("location.pathname === '/inbox/sign-in'")
    page.goto(address)
    page.wait_for_text("You answer as rita")


def test_a_request_that_is_over_shows_who_decided(
    page: Page, site: str, rita: Principal, paul: Principal
) -> None:
    question = ask(rita, paul)
    page.goto(link(site, question, rita))
    page.wait_for_text("You answer as rita")
    page.run("document.querySelector('#comment').value = 'no hurry'")
    phone = link(site, question, paul)
    page_of_rita = page.path
    page.goto(phone)
    page.wait_for_text("You answer as paul")
    page.click(".approve")
    page.wait_for_text("Your answer is recorded")

    page.goto(f"{site}{page_of_rita}")

    page.wait_for_text("by paul")
    assert "Approve\n" not in page.text
