"""Which addresses an app's owner may have called."""

from ipaddress import ip_address

import pytest

from signet.endpoints import Endpoint, are_public, is_public
from signet.errors import BadParameter


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://Example.COM/", "example.com", 443, "/", "example.com"),
        ("https://example.com:8443/a?c=d&e", "example.com", 8443, "/a?c=d&e", "example.com:8443"),
        ("HTTPS://example.com?x=1", "example.com", 443, "/?x=1", "example.com"),
        ("https://8.8.8.8/hook", "8.8.8.8", 443, "/hook", "8.8.8.8"),
        ("https://[2606:4700::1111]/", "2606:4700::1111", 443, "/", "[2606:4700::1111]"),
        ("https://xn--fiq228c.com/", "xn--fiq228c.com", 443, "/", "xn--fiq228c.com"),
    ],
)  # fmt: skip
def test_a_public_https_address_is_good(
    url: str, host: str, port: int, target: str, authority: str
) -> None:
    endpoint = Endpoint.parse(url, private=False)

    assert (endpoint.host, endpoint.port, endpoint.target) == (host, port, target)
    assert endpoint.authority == authority
    assert endpoint.is_https


PRIVATE = [
    "http://example.com/",
    "https://localhost/",
    "https://localhost./",
    "https://intranet/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.0.1./",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "https://[fc00::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
]
NO_ADDRESS = [
    "",
    "example.com",
    "//example.com",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://",
    "https:///x",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com/#fragment",
    "https://example.com/a b",
    "https://example.com/\r\nHost: x",
    "https://exa mple.com/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://[::1/",
    "https://ⓔxample.com/",
    "https://１２７.0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://example.com/" + "x" * 1_000,
]


@pytest.mark.parametrize("url", [*PRIVATE, *NO_ADDRESS])
def test_what_is_private_or_odd_is_refused(url: str) -> None:
    with pytest.raises(BadParameter):
        Endpoint.parse(url, private=False)


@pytest.mark.parametrize("url", NO_ADDRESS)
def test_what_is_odd_is_refused_on_one_machine_too(url: str) -> None:
    with pytest.raises(BadParameter):
        Endpoint.parse(url, private=True)


def test_on_one_machine_http_and_private_addresses_are_good() -> None:
    endpoint = Endpoint.parse("http://127.0.0.1:9000/hook", private=True)

    assert (endpoint.is_https, endpoint.port) == (False, 9000)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_addresses_on_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_one_private_address_among_public_ones_is_one_too_many() -> None:
    assert are_public(["8.8.8.8", "2606:4700:4700::1111"])
    assert not are_public(["8.8.8.8", "10.0.0.1"])
    assert not are_public(["fe80::1%eth0"])
    assert not are_public([])
