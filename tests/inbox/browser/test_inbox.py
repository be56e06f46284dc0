"""The inbox as people use it: live, by keyboard, by mouse, on a phone."""

from datetime import timedelta

from django.contrib.sessions.models import Session

from apps.identity.models import Principal
from apps.inbox.live import inboxes
from apps.interactions.models import Channel, Interaction, InteractionResponse
from tests.inbox.browser.chromium import PHONE, Browser, Page
from tests.inbox.browser.conftest import sign_in
from tests.inbox.conftest import ask, make_group, options, signed_in
from tests.support.factories import home_of
from tests.support.waiting import wait_until

LIVE = "!document.querySelector('[data-live]').hidden"
#: Everything that can be pressed is big enough for a finger, and in the window.
TOO_SMALL = """
[...document.querySelectorAll('main .button, main .option, main select, main input')]
  .filter((e) => e.offsetParent && e.type !== 'hidden' && !e.closest('.option input'))
  .filter((e) => !['radio', 'checkbox'].includes(e.type))
  .filter((e) => e.getBoundingClientRect().height < 40)
  .map((e) => e.outerHTML.slice(0, 80))
"""
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


def value_of(question: Interaction) -> object:
    """The outcome, once there is one."""
    question.refresh_from_db()
    return question.value if question.status == "completed" else None


def test_somebody_signs_in_sees_a_request_arrive_and_answers_by_keyboard(
    page: Page, site: str, rita: Principal
) -> None:
    sign_in(page, site, "rita")
    page.wait_for_text("Nothing waits for you")
    page.wait(LIVE)

    first = ask(rita, message="Refund order 1042?")
    page.wait_for_text("Refund order 1042?")
    assert page.title.startswith("(1) ")
    page.wait(
        "document.querySelector('[data-announce]').textContent"
        " === 'New request: Refund order 1042?'"
    )
    second = ask(rita, message="And order 1043?")
    page.wait_for_text("And order 1043?")
    assert page.title.startswith("(2) ")

    page.press("j", "j", "Enter")
    page.wait(f"location.pathname === '/inbox/{first.id}'")
    page.wait_for_text("Your answer")
    page.press("y")
    assert page.focused.startswith("Approve")
    page.press("Enter")
    page.wait_for_text("Your answer is recorded")
    assert value_of(first) is True
    assert page.title.startswith("(1) ")

    page.click("[data-next]")
    page.wait(f"location.pathname === '/inbox/{second.id}'")
    page.wait_for_text("Your answer")
    page.press("n", "Enter")
    page.wait_for_text("Rejected")
    assert value_of(second) is False
    response = InteractionResponse.objects.get(interaction_id=second.id)
    assert (response.channel, response.account) == (Channel.BROWSER, "rita")


def test_two_clicks_from_the_list_to_the_answer(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita)
    sign_in(page, site, "rita")

    page.click(".card [data-item]")
    page.wait_for_text("Your answer")
    page.click(".approve")

    page.wait_for_text("Your answer is recorded")
    assert value_of(question) is True


def test_what_somebody_else_answered_leaves_the_list(
    page: Page, site: str, rita: Principal, paul: Principal
) -> None:
    group = make_group(home_of(rita), "support", rita, paul)
    gone, kept = ask(group, message="Gone?"), ask(group, message="Kept?")
    sign_in(page, site, "rita")
    page.wait(LIVE)
    page.press("j")
    assert "Kept?" in page.focused

    signed_in(paul).post(f"/inbox/{gone.id}/answer", {"value": "true"})
    page.wait("!document.body.innerText.includes('Gone?')")
    assert "Kept?" in page.focused
    assert page.title.startswith("(1) ")
    signed_in(paul).post(f"/inbox/{kept.id}/answer", {"value": "true"})
    page.wait_for_text("Nothing waits for you")
    assert page.title.startswith("Waiting")


def test_an_open_request_says_that_it_has_changed(
    page: Page, site: str, rita: Principal, paul: Principal
) -> None:
    question = ask(rita, paul)
    sign_in(page, site, "rita", f"/inbox/{question.id}")
    page.wait(LIVE)
    page.type("#comment", "half a thou")

    signed_in(paul).post(f"/inbox/{question.id}/answer", {"value": "false"})

    page.wait_for_text("This request has changed.")
    assert page.run("document.querySelector('#comment').value") == "half a thou"
    page.click(".approve")
    page.wait_for_text("Nothing was changed")
    page.wait_for_text("by paul")
    assert value_of(question) is False


def test_options_are_chosen_by_number(page: Page, site: str, rita: Principal) -> None:
    one = ask(rita, spec={"mode": "select", "options": options("red", "green")})
    many = ask(rita, spec={"mode": "multi_select", "options": options("a", "b", "c")})
    sign_in(page, site, "rita", f"/inbox/{one.id}")
    page.press("2", "Enter")
    page.wait_for_text("Your answer is recorded")
    assert value_of(one) == "green"

    page.goto(f"{site}/inbox/{many.id}")
    page.press("1", "3", "2", "2", "Enter")
    page.wait_for_text("Your answer is recorded")
    assert value_of(many) == ["a", "c"]


def test_a_comment_is_written_by_keyboard(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita)
    sign_in(page, site, "rita", f"/inbox/{question.id}")

    page.press("c", "n", "o", "Escape", "n", "Enter")

    page.wait_for_text("Your answer is recorded")
    response = InteractionResponse.objects.get(interaction_id=question.id)
    assert (response.value, response.comment) == (False, "no")


def test_the_tab_key_reaches_everything_in_order(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita, context={"ticket": "https://example.org/1"})
    sign_in(page, site, "rita", f"/inbox/{question.id}")

    reached = []
    for _ in range(8):
        page.press("Tab")
        reached.append(page.run("document.activeElement.outerHTML.slice(0, 200)"))
        assert page.run(
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        ), reached[-1]

    marks = ("skip", "brand", "Sign out", 'data-key="u"', "example.org", "Approve")
    assert "skip" in reached[0]
    places = [
        next(place for place, html in enumerate(reached) if mark in html)
        for mark in marks
    ]
    assert places == sorted(places)


def test_the_keys_explain_themselves(page: Page, site: str, rita: Principal) -> None:
    sign_in(page, site, "rita")

    page.press("?")
    page.wait("document.querySelector('[data-keys]').open")
    page.press("Escape")

    page.wait("!document.querySelector('[data-keys]').open")


def test_of_two_windows_one_listens_and_both_know(
    browser: Browser, page: Page, site: str, rita: Principal
) -> None:
    sign_in(page, site, "rita")
    page.wait(LIVE)
    other = browser.tab(page.context)
    other.goto(f"{site}/inbox/")

    ask(rita, message="For both?")

    other.wait_for_text("For both?")
    page.wait_for_text("For both?")
    assert inboxes.count() == 1


def test_a_window_that_is_signed_out_elsewhere_asks_to_sign_in(
    page: Page, site: str, rita: Principal
) -> None:
    sign_in(page, site, "rita")
    page.wait(LIVE)
    assert "sessionid" not in page.run("document.cookie")

    Session.objects.all().delete()
    ask(rita)

    page.wait("location.pathname === '/inbox/sign-in'")


def test_who_is_signed_out_while_writing_loses_nothing(
    browser: Browser, page: Page, site: str, rita: Principal, paul: Principal
) -> None:
    question = ask(make_group(home_of(rita), "support", rita, paul))
    sign_in(page, site, "rita", f"/inbox/{question.id}")
    page.wait(LIVE)
    page.type("#comment", "half a thou")

    Session.objects.all().delete()
    colleague = signed_in(paul)
    colleague.post(f"/inbox/{question.id}/claim")
    colleague.post(f"/inbox/{question.id}/release")
    page.wait_for_text("You are signed out.")
    sign_in(browser.tab(page.context), site, "rita")
    page.click(".approve")

    page.wait_for_text("Your answer is recorded")
    page.wait_for_text("half a thou")


def test_everything_works_on_a_small_phone(
    phone: Page, site: str, rita: Principal, paul: Principal
) -> None:
    question = ask(
        make_group(home_of(rita), "support", rita, paul),
        message="Is this unusually-long-word-without-any-space-in-it-for-a-phone ok?",
        context={"token": "x" * 300, "table": {"key": ["y" * 200]}},
        expires_in=timedelta(minutes=20),
    )
    sign_in(phone, site, "rita")
    assert phone.run("window.innerWidth") == PHONE[0]
    assert phone.run(TOO_WIDE) <= 0
    phone.click(".card [data-item]")
    phone.wait_for_text("Your answer")
    assert phone.run(TOO_WIDE) <= 0
    assert phone.run(TOO_SMALL) == []

    phone.click(".jump")
    wait_until(
        lambda: phone.run(
            "document.querySelector('.approve').getBoundingClientRect().top"
            " < window.innerHeight"
        )
    )
    phone.click(".approve")

    phone.wait_for_text("Your answer is recorded")
    assert value_of(question) is True


def test_it_works_without_scripts(page: Page, site: str, rita: Principal) -> None:
    question = ask(rita, spec={"mode": "input"})
    page.disable_scripts()
    sign_in(page, site, "rita")

    page.click(".card [data-item]")
    page.wait_for_text("Your answer")
    page.type("input[name=f]", "in May")
    page.click(".answer .primary")

    page.wait_for_text("Your answer is recorded")
    assert value_of(question) == "in May"
