"""Addresses that strangers give us to call: what is an address, and what is nobody's private place.

An app's owner chooses where events go, and our function calls there from inside AWS. So the
address is https, its certificate is checked before a byte of ours is sent, and it leads to a
public address only; what a name leads to is checked each time, see `edge.webhooks`. Any port is
good: what does not speak TLS under that name gets nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Self

from signet.errors import BadParameter

LONGEST = 1_000

# Nobody, no fragment, no escapes in the host: two readers of an odd address could differ.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>[/?][!$-\[\]-~]*)?",
    re.IGNORECASE,
)
_PORTS = {"https": 443, "http": 80}
# What an old resolver takes for an IPv4 address: 127.1, 2130706433, 0x7f.0.0.1.
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
# IPv4 in another coat: it would be let through as IPv6.
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a request goes. `host` is a name or an IP address without brackets."""

    is_https: bool
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, url: str, *, private: bool) -> Self:
        """The parts of a URL. Raises BadParameter for one that nobody may be called at.

        `private`: the deployment lets its apps name http and places in its own network.
        """
        parts = _URL.fullmatch(url) if len(url) <= LONGEST else None
        if parts is None:
            raise BadParameter("url must be an address such as https://example.com/signet.")
        scheme, target = parts["scheme"].lower(), parts["target"] or "/"
        port = int(parts["port"] or _PORTS[scheme])
        if not 0 < port < 65_536:
            raise BadParameter("url has a port that there is not.")
        endpoint = cls(
            is_https=scheme == "https",
            host=parts["host"].strip("[]").lower(),
            port=port,
            target=target if target.startswith("/") else f"/{target}",
        )
        if not private:
            endpoint.check_public()
        return endpoint

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _PORTS["https" if self.is_https else "http"]
        return host if self.port == usual else f"{host}:{self.port}"

    def check_public(self) -> None:
        """Refuse what is private by its looks. Raises BadParameter."""
        if not self.is_https:
            raise BadParameter("url must be https.")
        try:
            public = is_public(ip_address(self.host))
        except ValueError:
            last = self.host.rstrip(".").rpartition(".")[2]
            public = "." in self.host.rstrip(".") and not _NUMERIC.fullmatch(last)
        if not public:
            raise BadParameter("url must lead to a public address.")


def are_public(addresses: Iterable[str]) -> bool:
    """Whether every one of these addresses, and there is one, is public."""
    found = [ip_address(each.partition("%")[0]) for each in addresses]
    return bool(found) and all(map(is_public, found))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether the address is anybody's on the internet, and no other's in disguise.

    https://www.iana.org/assignments/iana-ipv4-special-registry and its sister for IPv6.
    """
    if isinstance(address, IPv6Address):
        hides = (address.ipv4_mapped, address.sixtofour, address.teredo, address.is_site_local)
        if any(hides) or any(address in network for network in _NAT64):
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
