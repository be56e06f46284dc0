"""Mail: one message to each, whose text is not kept."""

import smtplib
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives

from apps.deliveries.configuration import mail_sender, mail_server, networks
from apps.deliveries.models import Delivery
from apps.deliveries.outcomes import DELAYS, DELAYS_OF_REFUSED
from apps.deliveries.sending import send_due
from apps.deliveries.services.enqueue import NewMailDelivery, enqueue_deliveries
from apps.identity.models import Project
from apps.kernel import clock
from tests.support.frozen import FrozenClock

pytestmark = pytest.mark.django_db

LINK = "https://mobius.example/answer/secret-link"


def enqueue(project: Project, *to: str, **fields: Any) -> list[Delivery]:
    """Write down a mail to each address and return the rows."""
    new = NewMailDelivery(
        project.id,
        "interaction.mail",
        list(to),
        **{"subject": "Please look", "text": LINK, "html": f"<a>{LINK}</a>", **fields},
    )
    enqueue_deliveries([new], now=clock.now())
    return list(Delivery.objects.order_by("recipient"))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors that the mail server answers with, one after another."""
    errors: list[Exception] = []
    send = EmailMultiAlternatives.send

    def fail(self: EmailMultiAlternatives, **options: Any) -> int:
        if errors:
            raise errors.pop(0)
        return send(self, **options)

    monkeypatch.setattr(EmailMultiAlternatives, "send", fail)
    return errors


def test_each_gets_a_mail_of_their_own_and_its_text_is_erased(
    project: Project, settings: LazySettings
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Mobius <mobius@acme.example>"
    rows = enqueue(project, "ann@acme.example", "bob@acme.example", "ann@acme.example")
    assert [row.payload["text"] for row in rows] == [LINK, LINK]

    assert send_due() == 2

    assert sorted(one.to for one in mail.outbox) == [
        ["ann@acme.example"],
        ["bob@acme.example"],
    ]
    first = mail.outbox[0]
    assert isinstance(first, EmailMultiAlternatives)
    assert (first.subject, first.body) == ("Please look", LINK)
    assert first.from_email == "Mobius <mobius@acme.example>"
    assert first.alternatives[0] == (f"<a>{LINK}</a>", "text/html")
    ids = {f"<{row.id}@acme.example>" for row in rows}
    assert {one.extra_headers["Message-ID"] for one in mail.outbox} == ids
    for row in Delivery.objects.all():
        assert (row.status, row.payload) == ("delivered", {})


def test_a_mail_without_html_is_plain(project: Project) -> None:
    enqueue(project, "ann@acme.example", html="")

    send_due()

    sent = mail.outbox[0]
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.alternatives == []


def test_a_subject_of_several_lines_becomes_one(project: Project) -> None:
    enqueue(project, "ann@acme.example", subject="Look\r\nBcc: eve@evil.example")

    send_due()

    assert mail.outbox[0].subject == "Look Bcc: eve@evil.example"
    assert mail.outbox[0].recipients() == ["ann@acme.example"]


def test_a_dedup_key_counts_per_address(project: Project) -> None:
    enqueue(project, "ann@acme.example", dedup_key="k")
    enqueue(project, "ann@acme.example", "bob@acme.example", dedup_key="k")

    assert send_due() == 2


def test_an_address_that_cannot_be_written_fails_at_once(project: Project) -> None:
    (row,) = enqueue(project, "ann@acme.example\nBcc: eve@evil.example")

    send_due()

    row.refresh_from_db()
    assert (row.status, row.payload) == ("failed", {})
    assert mail.outbox == []


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (smtplib.SMTPRecipientsRefused({"a": (550, b"no such user")}), 1),
        (smtplib.SMTPRecipientsRefused({"a": (450, b"mailbox busy")}), len(DELAYS) + 1),
        (smtplib.SMTPDataError(554, b"spam"), DELAYS_OF_REFUSED + 1),
        (smtplib.SMTPDataError(451, b"later"), len(DELAYS) + 1),
        (smtplib.SMTPConnectError(-1, "closed"), len(DELAYS) + 1),
        (smtplib.SMTPServerDisconnected("gone"), len(DELAYS) + 1),
        (ConnectionRefusedError(111, "refused"), len(DELAYS) + 1),
        (TimeoutError("timed out"), len(DELAYS) + 1),
    ],
)
def test_the_mail_servers_answer_decides_how_often_it_is_asked(
    project: Project,
    frozen: FrozenClock,
    failing: list[Exception],
    error: Exception,
    attempts: int,
) -> None:
    (row,) = enqueue(project, "ann@acme.example")
    failing.extend([error] * 20)
    while row.status == "pending":
        frozen.at = row.next_attempt_at
        send_due()
        row.refresh_from_db()
        assert row.last_error

    assert (row.status, row.attempts, row.payload) == ("failed", attempts, {})


def test_a_mail_that_failed_once_keeps_its_text_and_leaves_later(
    project: Project, frozen: FrozenClock, failing: list[Exception]
) -> None:
    (row,) = enqueue(project, "ann@acme.example")
    failing.append(TimeoutError("timed out"))
    send_due()
    row.refresh_from_db()
    assert row.payload["text"] == LINK
    frozen.tick(minutes=1)
    send_due()

    assert [one.body for one in mail.outbox] == [LINK]


# --- Configuration ----------------------------------------------------------------


def test_without_a_mail_server_mail_is_printed() -> None:
    assert mail_server("").backend.endswith("console.EmailBackend")


@pytest.mark.parametrize(
    ("url", "port", "starttls", "implicit"),
    [
        ("smtp://u%40x:p%2Fw@mail.example", 587, True, False),
        ("smtp://u%40x:p%2Fw@mail.example:2525/?tls=starttls", 2525, True, False),
        ("smtp://u%40x:p%2Fw@mail.example/?tls=implicit", 465, False, True),
        ("smtp://u%40x:p%2Fw@mail.example?tls=none", 25, False, False),
    ],
)
def test_a_mail_server_is_read_from_its_url(
    url: str, port: int, starttls: bool, implicit: bool
) -> None:
    server = mail_server(url)

    assert server.backend.endswith("smtp.EmailBackend")
    assert (server.host, server.port) == ("mail.example", port)
    assert (server.user, server.password) == ("u@x", "p/w")
    assert (server.starttls, server.implicit_tls) == (starttls, implicit)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "smtps://mail.example",
        "smtp://",
        "smtp://u:hunter2@mail.example:x",
        "smtp://u:hunter2@mail.example/?tls=maybe",
        "smtp://u:hunter2@mail.example/?tls=none&tls=implicit",
        "smtp://u:hunter2@mail.example/?ssl=1",
    ],
)
def test_a_wrong_mail_server_is_told_at_boot_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="MOBIUS_SMTP_URL") as refused:
        mail_server(url)
    assert "hunter2" not in str(refused.value)


def test_wrong_networks_and_senders_are_told_at_boot() -> None:
    found = networks(MOBIUS_OUTBOUND_ALLOW=["10.0.0.0/8", "::1"], OLD=["10.9.0.0/16"])
    assert [str(one) for one in found] == ["10.0.0.0/8", "::1/128", "10.9.0.0/16"]
    with pytest.raises(ImproperlyConfigured, match="MOBIUS_OUTBOUND_ALLOW: 10"):
        networks(MOBIUS_OUTBOUND_ALLOW=["10.0.0.1/8"])
    assert mail_sender("Mobius <m@e.com>") == "Mobius <m@e.com>"
    with pytest.raises(ImproperlyConfigured, match="MOBIUS_MAIL_FROM"):
        mail_sender("mobius")
