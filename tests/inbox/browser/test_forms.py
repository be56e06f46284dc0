"""A form made from a JSON Schema: drawn, wrong, put right."""

from apps.identity.models import Principal
from tests.inbox.browser.chromium import Page
from tests.inbox.browser.conftest import sign_in
from tests.inbox.conftest import ask

RETURN = {
    "type": "object",
    "required": ["amount", "reason", "shipping", "agree"],
    "x-order": ["amount", "reason", "shipping"],
    "properties": {
        "amount": {"type": "number", "title": "Amount", "minimum": 1},
        "reason": {"enum": ["damaged", "late"], "title": "Reason"},
        "shipping": {
            "type": "object",
            "required": ["city"],
            "properties": {
                "city": {"type": "string", "minLength": 2},
                "day": {"type": "string", "format": "date"},
            },
        },
        "tags": {"type": "array", "items": {"enum": ["gift", "b2b"]}},
        "agree": {"const": True, "title": "I agree"},
        "extra": {"type": "object", "title": "Extra"},
    },
}


def test_a_form_with_errors_is_put_right(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita, spec={"mode": "form", "schema": RETURN})
    sign_in(page, site, "rita", f"/inbox/{question.id}")
    page.type("[name='f:amount']", "0.5")
    page.type("[name='f:shipping.city']", "B")
    page.type("[name='f:extra']", "{oops")
    page.click("[name='f:tags'][value='1']")
    page.type("#comment", "please be quick")
    page.click(".answer .primary")

    page.wait_for_text("Not sent yet.")
    assert "Not sent yet." in page.focused
    assert page.run("document.querySelector(\"[name='f:amount']\").value") == "0.5"
    assert page.run("document.querySelector(\"[name='f:tags'][value='1']\").checked")
    assert page.run("document.querySelector('#comment').value") == "please be quick"
    wrong = page.run(
        "[...document.querySelectorAll('.wrong .problem')].map((e) => e.id)"
    )
    assert wrong == [
        "f-amount-problem",
        "f-reason-problem",
        "f-shipping-city-problem",
        "f-agree-problem",
        "f-extra-problem",
    ]

    page.click(".notice a[href='#f-amount']")
    assert page.run("document.activeElement.name") == "f:amount"
    page.type("[name='f:amount']", "12.5")
    page.click("[name='f:reason'][value='0']")
    page.type("[name='f:shipping.city']", "Bonn")
    page.type("[name='f:extra']", '{"urgent": true}')
    page.click("[name='f:agree']")
    page.click(".answer .primary")

    page.wait_for_text("Your answer is recorded")
    question.refresh_from_db()
    assert question.value == {
        "amount": 12.5,
        "reason": "damaged",
        "shipping": {"city": "Bonn"},
        "tags": ["b2b"],
        "agree": True,
        "extra": {"urgent": True},
    }


def test_every_field_has_a_name_for_readers_of_screens(
    page: Page, site: str, rita: Principal
) -> None:
    question = ask(rita, spec={"mode": "form", "schema": RETURN})
    sign_in(page, site, "rita", f"/inbox/{question.id}")

    nameless = page.run(
        "[...document.querySelectorAll('input, textarea, select, button')]"
        ".filter((e) => e.type !== 'hidden')"
        ".filter((e) => !(e.labels?.length || e.innerText?.trim()"
        " || e.getAttribute('aria-label')))"
        ".map((e) => e.outerHTML)"
    )

    assert nameless == []
