"""What the operator says about outbound messages; read by the settings at boot."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network

_SMTP_FORM: Final = "smtp://user:password@host:port/?tls=starttls|implicit|none"
_PORTS: Final = {"starttls": 587, "implicit": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes, in the words of Django's settings."""

    backend: str
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    implicit_tls: bool = False


def networks(**named: Sequence[str]) -> list[Network]:
    """Return the networks that outgoing calls may reach although they are private:
    those of all the variables.

    Raises:
        ImproperlyConfigured: a word is no network; names the variable.
    """
    found: list[Network] = []
    for name, words in named.items():
        try:
            found += [ip_network(word) for word in words]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}; expected networks such as 10.1.0.0/16, separated by"
                " commas"
            ) from None
    return found


def mail_server(url: str) -> MailServer:
    """Return the server behind ``MOBIUS_SMTP_URL``; without one mail is printed.

    Raises:
        ImproperlyConfigured: it is not of the form the example shows. The address is
            not repeated, it may hold a password.
    """
    if not url:
        return MailServer("django.core.mail.backends.console.EmailBackend")
    wrong = ImproperlyConfigured(f"MOBIUS_SMTP_URL: expected {_SMTP_FORM}")
    try:
        parts = urlsplit(url)
        query, port = (
            parse_qs(parts.query, strict_parsing=bool(parts.query)),
            parts.port,
        )
    except ValueError:
        raise wrong from None
    tls = query.pop("tls", ["starttls"])
    known = len(tls) == 1 and tls[0] in _PORTS
    if parts.scheme != "smtp" or not parts.hostname or query or not known:
        raise wrong
    return MailServer(
        "django.core.mail.backends.smtp.EmailBackend",
        host=parts.hostname,
        port=port or _PORTS[tls[0]],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=tls[0] == "starttls",
        implicit_tls=tls[0] == "implicit",
    )


def mail_sender(address: str) -> str:
    """Return the address that mail comes from, as it is.

    Raises:
        ImproperlyConfigured: it is not an address, with or without a name before it.
    """
    if "@" not in parseaddr(address)[1]:
        raise ImproperlyConfigured(
            "MOBIUS_MAIL_FROM: expected an address such as Mobius <mobius@example.com>"
        )
    return address
