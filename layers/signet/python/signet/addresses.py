"""Where a call comes from, as far as anything may be concluded from it (review.md 4.2).

The TCP peer is the caller, unless it is a proxy that the deployment names: then it is the last
address in X-Forwarded-For that no such proxy has, which nobody in front of them can make up.
"""

from collections.abc import Mapping, Sequence

from signet.credentials import Authority

# How a server names the person for whom it calls.
CLIENT_ADDRESS = "x-client-ip"


def caller(peer: str, headers: Mapping[str, str], proxies: Sequence[str]) -> str:
    """The caller's address; `headers` by lower-cased names, `proxies` as addresses or CIDRs."""
    if not proxies:
        return peer
    forwarded = [part.strip() for part in headers.get("x-forwarded-for", "").split(",")]
    for address in (peer, *reversed(forwarded)):
        if address and not within(address, proxies):
            return address
    return peer


def of_person(
    address: str, headers: Mapping[str, str], authority: Authority, servers: Sequence[str]
) -> str | None:
    """What the person who wants something is counted by; None when that cannot be known.

    Servers call for many people from one address, so that is not counted; they may name the
    person's in X-Client-IP. IPv6 is counted by its /64, which is one subscriber's.
    """
    if authority is Authority.MASTER or within(address, servers):
        return counted(headers.get(CLIENT_ADDRESS, ""))
    return counted(address)


def within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks."""
    if not networks or not address:
        return False
    from ipaddress import ip_address, ip_network  # few calls need it

    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(network, strict=False) for network in networks)


def is_network(text: str) -> bool:
    """Whether a text is an address or a CIDR of less than everything."""
    from ipaddress import ip_network

    try:
        return ip_network(text, strict=False).prefixlen > 0
    except ValueError:
        return False


def counted(address: str) -> str | None:
    """An IPv4 address as it is, the /64 of an IPv6 one; None for what is neither."""
    parts = address.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts):
        return address
    if ":" not in address:
        return None
    from ipaddress import IPv6Address, IPv6Network

    try:
        found = IPv6Address(address)
    except ValueError:
        return None
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found) >> 64 << 64, 64)))
