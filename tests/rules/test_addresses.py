"""Who is taken for the caller: nobody can make it up."""

import pytest

from signet import addresses
from signet.credentials import Authority

PROXIES = ("192.0.2.0/24", "2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "caller"),
    [
        ("203.0.113.7", "198.51.100.1", (), "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", PROXIES, "203.0.113.7"),
        ("192.0.2.1", "198.51.100.1", PROXIES, "198.51.100.1"),
        # What a gateway appends is the peer itself.
        ("192.0.2.1", "198.51.100.1, 192.0.2.1", PROXIES, "198.51.100.1"),
        # The caller writes the front of the list, the proxies its end.
        ("192.0.2.1", "1.1.1.1, 198.51.100.1, 192.0.2.9", PROXIES, "198.51.100.1"),
        ("192.0.2.1", "", PROXIES, "192.0.2.1"),
        ("192.0.2.1", "192.0.2.3, 192.0.2.4", PROXIES, "192.0.2.1"),
        ("192.0.2.1", "nonsense", PROXIES, "nonsense"),
        ("2001:db8::1", "2001:470::1", PROXIES, "2001:470::1"),
        ("", "198.51.100.1", (), ""),
    ],
)
def test_headers_count_behind_declared_proxies_only(
    peer: str, forwarded: str, proxies: tuple[str, ...], caller: str
) -> None:
    assert addresses.caller(peer, {"x-forwarded-for": forwarded}, proxies) == caller


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:0DB8:1:2::7%eth0", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("nonsense", None),
        ("", None),
        ("1.2.3", None),
        ("1.2.3.x", None),
        ("::zz", None),
    ],
)
def test_ipv6_is_counted_by_its_subscriber(address: str, counted: str | None) -> None:
    assert addresses.counted(address) == counted


@pytest.mark.parametrize(
    ("authority", "servers", "named", "person"),
    [
        (Authority.CLIENT, (), "", "203.0.113.7"),
        (Authority.CLIENT, (), "198.51.100.1", "203.0.113.7"),
        (Authority.CLIENT, ("203.0.113.0/28",), "", None),
        (Authority.CLIENT, ("203.0.113.7",), "198.51.100.1", "198.51.100.1"),
        (Authority.MASTER, (), "", None),
        (Authority.MASTER, (), "198.51.100.1", "198.51.100.1"),
        (Authority.MASTER, (), "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (Authority.MASTER, (), "nonsense", None),
    ],
)
def test_a_server_may_name_the_person_it_calls_for(
    authority: Authority, servers: tuple[str, ...], named: str, person: str | None
) -> None:
    headers = {"x-client-ip": named} if named else {}

    assert addresses.of_person("203.0.113.7", headers, authority, servers) == person


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("203.0.113.7", True),
        ("203.0.113.0/24", True),
        ("203.0.113.7/24", True),
        ("2001:db8::/32", True),
        ("0.0.0.0/0", False),
        ("::/0", False),
        ("203.0.113.0/33", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_a_network_is_less_than_everything(text: str, fits: bool) -> None:
    assert addresses.is_network(text) is fits


def test_nothing_is_within_no_network() -> None:
    assert not addresses.within("203.0.113.7", ())
    assert not addresses.within("", ("203.0.113.0/24",))
    assert not addresses.within("nonsense", ("203.0.113.0/24",))
    assert not addresses.within("2001:db8::1", ("203.0.113.0/24",))
