"""Which addresses a delivery may reach: public ones, and what the operator allows."""

import socket
import unicodedata
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from apps.deliveries.configuration import Network

Address = IPv4Address | IPv6Address

_PUBLIC_IPV6: Final = ip_network("2000::/3")
#: Inside what Python calls public, and not for us.
_CLOSED: Final = {
    ip_network("0.0.0.0/8"): "this host",
    ip_network("10.0.0.0/8"): "private",
    ip_network("100.64.0.0/10"): "carrier-grade NAT",
    ip_network("127.0.0.0/8"): "loopback",
    ip_network("168.63.129.16/32"): "a cloud's metadata service",
    ip_network("169.254.0.0/16"): "link-local",
    ip_network("172.16.0.0/12"): "private",
    ip_network("192.0.0.0/24"): "reserved",
    ip_network("192.0.2.0/24"): "documentation",
    ip_network("192.88.99.0/24"): "a 6to4 relay",
    ip_network("192.168.0.0/16"): "private",
    ip_network("198.18.0.0/15"): "benchmarking",
    ip_network("198.51.100.0/24"): "documentation",
    ip_network("203.0.113.0/24"): "documentation",
    ip_network("224.0.0.0/4"): "multicast",
    ip_network("240.0.0.0/4"): "reserved",
    ip_network("2001::/23"): "translated or reserved",
    ip_network("2001:db8::/32"): "documentation",
    ip_network("2002::/16"): "translated (6to4)",
    ip_network("3fff::/20"): "documentation",
    ip_network("::/128"): "this host",
    ip_network("::1/128"): "loopback",
    ip_network("::ffff:0:0/96"): "a mapped IPv4 address",
    ip_network("64:ff9b::/96"): "translated (NAT64)",
    ip_network("64:ff9b:1::/48"): "translated (NAT64)",
    ip_network("fc00::/7"): "private",
    ip_network("fe80::/10"): "link-local",
    ip_network("fec0::/10"): "private",
    ip_network("ff00::/8"): "multicast",
}
#: Names are written with it instead of a dot, and addresses too.
_IDEOGRAPHIC_STOP: Final = "\u3002"
#: The last four bytes of such an interface id are an IPv4 address (ISATAP).
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


def why_closed(address: Address, allowed: Sequence[Network]) -> str:
    """Return what keeps a delivery from ``address``, empty when nothing does.

    An IPv4 address that hides in an IPv6 one is not looked through: such forms are
    closed unless the operator allowed that network as it is written.
    """
    if isinstance(address, IPv6Address) and address.scope_id:
        return "link-local"
    if any(address in network for network in allowed):
        return ""
    for network, word in _CLOSED.items():
        if address in network:
            return word
    if isinstance(address, IPv4Address):
        return "" if address.is_global else "not public"
    if address not in _PUBLIC_IPV6:
        return "not public"
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        return "translated (ISATAP)"
    return ""


def literal_address(host: str) -> Address | None:
    """Return the address that a host is written as, None when it is a name.

    Covers what the C library takes for an IPv4 address: ``127.1``, ``0x7f.1``,
    ``2130706433``, full-width digits; and ``localhost``.
    """
    plain = unicodedata.normalize("NFKC", host).replace(_IDEOGRAPHIC_STOP, ".")
    plain = plain.strip("[]").rstrip(".").lower()
    if plain == "localhost" or plain.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(plain)
    except ValueError:
        pass
    if not plain or plain[-1] not in "0123456789abcdefx" or " " in plain:
        return None
    try:
        return IPv4Address(socket.inet_aton(plain))
    except (OSError, UnicodeEncodeError):
        return None
