"""One mail to one receiver, through Django's mail back ends."""

import smtplib
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from apps.deliveries.outcomes import Outcome, Verdict

_PERMANENT: Final = 500


def send_mail(delivery_id: str, recipient: str, payload: Mapping[str, Any]) -> Outcome:
    """Hand one mail to the mail server; return what it said.

    The Message-ID is made of the delivery's id: a receiver that gets it twice, because
    we died before writing down that it left, can tell.
    """
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    try:
        message = EmailMultiAlternatives(
            subject=" ".join(payload["subject"].split()),
            body=payload["text"],
            to=[recipient],
            headers={
                "Message-ID": f"<{delivery_id}@{host}>",
                "Auto-Submitted": "auto-generated",
            },
        )
        if payload["html"]:
            message.attach_alternative(payload["html"], "text/html")
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        return _refused_recipient(error)
    except smtplib.SMTPResponseException as error:
        permanent = error.smtp_code >= _PERMANENT
        return Outcome(
            Verdict.REFUSED if permanent else Verdict.AWAY,
            max(error.smtp_code, 0) or None,
            f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}",
        )
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(Verdict.AWAY, error=f"the mail server failed: {error}")
    except ValueError as error:
        return Outcome(
            Verdict.FINAL, error=f"the mail cannot be written: {error}"[:500]
        )
    return Outcome(Verdict.DELIVERED)


def _refused_recipient(error: smtplib.SMTPRecipientsRefused) -> Outcome:
    code, said = next(iter(error.recipients.values()))
    return Outcome(
        Verdict.FINAL if code >= _PERMANENT else Verdict.AWAY,
        code,
        f"the mail server refused the address: {code} {_text(said)}",
    )


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
