"""Calling an app's endpoint: signed, to a public address only, never further, never for long."""

import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

from signet import standard_webhooks
from signet.edge import webhooks
from tests.carriers.vendor import Vendor, serving

KEY = b"k" * 32
BODY = '{"type":"ping"}'
NAME = "hooks.example.com"


def post(url: str) -> str:
    return webhooks.post(url, [KEY], "evt_1", BODY)


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment on one machine."""
    monkeypatch.setenv("SIGNET_PRIVATE_WEBHOOKS", "on")


@pytest.fixture
def endpoint() -> Iterator[Vendor]:
    with serving() as vendor:
        yield vendor


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)


def resolve(patch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Have names lead to these addresses, each time to the next ones; the names asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **more: Any) -> Any:
        with suppress(ValueError):
            ipaddress.ip_address(host)
            return real(host, port, *args, **more)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [entry for each in found for entry in real(each, port, type=socket.SOCK_STREAM)]

    patch.setattr(socket, "getaddrinfo", look_up)
    return asked


# --- What arrives -----------------------------------------------------------------------------


@pytest.mark.usefixtures("private")
def test_an_endpoint_gets_a_body_that_another_implementation_verifies(endpoint: Vendor) -> None:
    assert post(f"{endpoint.url}/hook?x=1") == "200"

    (call,) = endpoint.calls
    assert call.path == "/hook?x=1"
    assert call.headers["content-type"] == "application/json; charset=utf-8"
    assert call.headers["webhook-id"] == "evt_1"
    assert call.headers["host"] == endpoint.url.removeprefix("http://")
    receiver = Webhook(standard_webhooks.secret(KEY))
    assert receiver.verify(call.body, call.headers) == json.loads(BODY)


@pytest.mark.usefixtures("private")
@pytest.mark.parametrize("status", [204, 302, 307, 404, 410, 500])
def test_the_answer_is_the_status_and_nothing_is_followed(endpoint: Vendor, status: int) -> None:
    endpoint.status = status
    endpoint.headers = {"Location": f"{endpoint.url}/elsewhere"}

    assert post(endpoint.url) == str(status)
    assert len(endpoint.calls) == 1


@pytest.mark.usefixtures("private")
def test_what_goes_wrong_has_a_word(endpoint: Vendor) -> None:
    endpoint.hangs_up = True
    assert post(endpoint.url) == "answer"
    assert post(endpoint.url.replace("http://", "https://")) == "tls"
    assert post("no address") == "url"


@pytest.mark.usefixtures("private")
def test_nobody_listening_has_a_word() -> None:
    with serving() as gone:
        url = gone.url

    assert post(url) == "connection"


@pytest.mark.usefixtures("private")
def test_a_name_that_nobody_knows_has_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert post(f"https://{NAME}/") == "name_unknown"


@pytest.mark.usefixtures("private", "hurried")
def test_an_endpoint_that_says_nothing_is_left(endpoint: Vendor) -> None:
    endpoint.seconds = 1

    assert post(endpoint.url) == "timeout"


@pytest.mark.usefixtures("private", "hurried")
def test_an_answer_that_drips_is_cut_off() -> None:
    with dripping() as url:
        assert post(url) == "timeout"


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends headers without an end, each well within any timeout of a read."""
    over = threading.Event()

    def drip() -> None:
        wire, _ = listener.accept()
        with wire, suppress(OSError):
            wire.sendall(b"HTTP/1.1 200 OK\r\n")
            while not over.wait(0.02):
                wire.sendall(b"X-Drip: 1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """A server with a certificate for NAME that our side trusts; its names lead there."""
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    ours = ssl.create_default_context(cafile=str(file))
    monkeypatch.setattr(webhooks, "_tls", lambda: ours)
    resolve(monkeypatch, ["127.0.0.1"])
    with serving(tls=context) as vendor:
        vendor.url = vendor.url.replace("127.0.0.1", NAME)
        yield vendor


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "endpoint.pem"
    file.write_bytes(private_key + made.public_bytes(pem))
    return file


@pytest.mark.usefixtures("private")
def test_the_certificate_is_checked_for_the_name_although_an_address_is_called(
    trusted: Vendor,
) -> None:
    assert post(trusted.url) == "200"
    assert trusted.calls[0].headers["host"].startswith(NAME)


@pytest.mark.usefixtures("private")
def test_a_certificate_of_another_name_gets_nothing(trusted: Vendor) -> None:
    assert post(trusted.url.replace(NAME, "other.example.com")) == "certificate"
    assert trusted.calls == []


@pytest.mark.usefixtures("private")
def test_a_certificate_that_nobody_vouches_for_gets_nothing(
    trusted: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "_tls", ssl.create_default_context)

    assert post(trusted.url) == "certificate"
    assert trusted.calls == []


# --- Where nothing goes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0"),
        *("localhost", "[::1]", "[::ffff:127.0.0.1]", "user:pass@127.0.0.1"),
        *("example.com@127.0.0.1", "169.254.169.254", "10.0.0.1"),
    ],
)
def test_this_machine_and_its_network_are_never_called(
    trusted: Vendor, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the machine's own resolver, and its own trust
    port = trusted.url.rpartition(":")[2]

    assert post(f"https://{host}:{port}/") == "url"
    assert trusted.calls == []


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"], ["100.64.0.1"], ["0.0.0.0"]),
        *(["::1"], ["::ffff:127.0.0.1"], ["fd00:ec2::254"], ["8.8.8.8", "127.0.0.1"]),
    ],
)
def test_a_name_that_leads_to_a_private_address_is_not_called(
    trusted: Vendor, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, addresses)

    assert post(trusted.url) == "not_public"
    assert trusted.calls == []


def test_a_name_that_changes_its_mind_is_called_where_it_was_looked_at(
    trusted: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolve(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    called: list[str] = []

    def connect(address: tuple[str, int], *_: Any) -> socket.socket:
        called.append(address[0])
        raise OSError

    monkeypatch.setattr(socket, "create_connection", connect)

    assert post(trusted.url) == "connection"
    assert (asked, called) == ([NAME], ["8.8.8.8"])
    assert trusted.calls == []


def test_a_redirect_into_the_network_is_not_followed(
    trusted: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "are_public", lambda _: True)
    trusted.status, trusted.headers = 302, {"Location": trusted.url}

    assert post(trusted.url) == "302"
    assert len(trusted.calls) == 1
