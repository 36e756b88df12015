"""What every carrier does, whatever its vendor: one suite, inherited once for each."""

import datetime
import ipaddress
import logging
import socket
import ssl
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import NewConnectionError

from signet.carriers import Accepted, Carrier, CarrierError, OutcomeUnknown, OutgoingMessage
from signet.limits import Kind
from tests.carriers.vendor import Call, Vendor, serving

CODE = "123456"
MESSAGE = OutgoingMessage(
    message_id="20261122-3-0000",
    app_id="signet-demo-app",
    phone="+8618612345678",
    kind=Kind.VERIFICATION,
    signature="Signet",
    signature_text="示例商城",
    template=None,
    template_version=None,
    variables={"name": "示例应用", "ttl": "10", "code": CODE},
    code=CODE,
    text=f"【示例商城】您正在使用示例应用服务，您的验证码是 {CODE}，请在 10 分钟内完成验证。",
)
# Loggers of the SDKs and of what they call with.
TALKATIVE = ("urllib3", "darabonba-core", "tencentcloud_sdk_common", "requests")
NOBODY = "http://127.0.0.1:1"
HTML = b"<html>Bad gateway</html>"


@dataclass(frozen=True)
class Answer:
    """An answer of the vendor; `reason` is what Signet makes of it."""

    body: bytes
    status: int = 200
    reason: str = ""


class Contract:
    """One class for each vendor says how its answers look; the tests are here."""

    not_now: ClassVar[tuple[Answer, ...]]
    refused: ClassVar[tuple[Answer, ...]]
    bad_number: ClassVar[tuple[Answer, ...]] = ()
    unknown: ClassVar[tuple[Answer, ...]] = ()
    pointless: ClassVar[tuple[bytes, ...]] = (b"", b"<html>", b"{", b"{}", b"<a/>", b"[]", b'"a"')
    content_type: ClassVar[str] = "application/json"

    # Whether its receipts name our message; where not, its own id is remembered.
    echoes: ClassVar[bool] = True

    def accepted(self, carrier_message_id: str) -> Accepted:
        """What is made of an acceptance."""
        return Accepted(carrier_message_id, is_echoed=self.echoes)

    def make(self, url: str, *, read_timeout: float = 5) -> Carrier:
        """A carrier whose vendor is at `url`."""
        raise NotImplementedError

    def impostor(self, url: str) -> Carrier:
        """The same with another secret key."""
        raise NotImplementedError

    def accepts(self, carrier_message_id: str) -> Answer:
        """An acceptance."""
        raise NotImplementedError

    def is_signed_right(self, call: Call) -> bool:
        """Whether the signature is that of the test's credentials over just this call, just now."""
        raise NotImplementedError

    def echoed(self, call: Call) -> str | None:
        """Our message id in a call, None where the vendor has no room for it."""
        raise NotImplementedError

    @pytest.fixture
    def vendor(self) -> Iterator[Vendor]:
        with serving() as running:
            running.headers = {"Content-Type": self.content_type}
            self.set(running, self.accepts("carrier-1"))
            yield running

    def set(self, vendor: Vendor, answer: Answer) -> None:
        """Let the vendor answer so from now on."""
        vendor.status, vendor.body = answer.status, answer.body

    def refusal(self, vendor: Vendor, answer: Answer) -> CarrierError:
        """What is raised for an answer, which must be a sure refusal, asked for once."""
        self.set(vendor, answer)
        before = len(vendor.calls)
        with pytest.raises(CarrierError) as raised:
            self.make(vendor.url).submit(MESSAGE)
        assert len(vendor.calls) == before + 1
        assert raised.value.reason == answer.reason
        return raised.value

    def test_an_acceptance_gives_the_carriers_own_id(self, vendor: Vendor) -> None:
        assert self.make(vendor.url).submit(MESSAGE) == self.accepted("carrier-1")
        assert len(vendor.calls) == 1

    def test_the_call_is_signed(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        assert self.is_signed_right(vendor.calls[0])

    def test_another_key_signs_otherwise(self, vendor: Vendor) -> None:
        self.impostor(vendor.url).submit(MESSAGE)

        assert not self.is_signed_right(vendor.calls[0])

    def test_the_message_id_goes_along(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        assert self.echoed(vendor.calls[0]) in (MESSAGE.message_id, None)

    def test_one_carrier_takes_one_message_after_another(self, vendor: Vendor) -> None:
        carrier = self.make(vendor.url)

        assert [carrier.submit(MESSAGE) for _ in range(3)] == [self.accepted("carrier-1")] * 3
        assert len(vendor.calls) == 3
        assert all(self.is_signed_right(call) for call in vendor.calls)

    def test_a_refusal_for_now_may_be_tried_again_later(self, vendor: Vendor) -> None:
        for answer in self.not_now:
            refusal = self.refusal(vendor, answer)

            assert (refusal.retryable, refusal.bad_number) == (True, False), answer.reason

    def test_a_refusal_for_good_is_final(self, vendor: Vendor) -> None:
        for answer in self.refused:
            refusal = self.refusal(vendor, answer)

            assert (refusal.retryable, refusal.bad_number) == (False, False), answer.reason

    def test_a_bad_number_is_final_and_said_to_be_bad(self, vendor: Vendor) -> None:
        for answer in self.bad_number:
            refusal = self.refusal(vendor, answer)

            assert (refusal.retryable, refusal.bad_number) == (False, True), answer.reason

    def test_an_error_that_may_come_after_acceptance_tells_nothing(self, vendor: Vendor) -> None:
        for answer in self.unknown:
            self.set(vendor, answer)

            with pytest.raises(OutcomeUnknown) as unknown:
                self.make(vendor.url).submit(MESSAGE)

            assert unknown.value.reason == answer.reason
        assert len(vendor.calls) == len(self.unknown)

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_fault_without_the_vendors_code_tells_nothing(
        self, vendor: Vendor, status: int
    ) -> None:
        self.set(vendor, Answer(HTML, status))

        with pytest.raises(OutcomeUnknown):
            self.make(vendor.url).submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_a_success_that_names_no_message_tells_nothing(self, vendor: Vendor) -> None:
        for body in self.pointless:
            self.set(vendor, Answer(body))

            with pytest.raises(OutcomeUnknown):
                self.make(vendor.url).submit(MESSAGE)

        assert len(vendor.calls) == len(self.pointless)

    def test_an_acceptance_cut_short_tells_nothing(self, vendor: Vendor) -> None:
        vendor.cuts_short = True

        with pytest.raises(OutcomeUnknown):
            self.make(vendor.url).submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_an_answer_that_does_not_come_is_unknown_and_not_asked_for_twice(
        self, vendor: Vendor
    ) -> None:
        vendor.seconds = 0.6

        with pytest.raises(OutcomeUnknown) as unknown:
            self.make(vendor.url, read_timeout=0.15).submit(MESSAGE)

        assert unknown.value.reason == "ReadTimeoutError"
        assert vendor.called() == 1

    @pytest.mark.parametrize("how", ["hangs_up", "resets"])
    def test_a_connection_that_breaks_after_the_call_is_unknown_and_not_tried_twice(
        self, vendor: Vendor, how: str
    ) -> None:
        setattr(vendor, how, True)

        with pytest.raises(OutcomeUnknown):
            self.make(vendor.url).submit(MESSAGE)

        assert len(vendor.calls) == 1

    def test_a_connection_that_never_came_about_may_be_tried_again(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            carrier = self.make(f"http://127.0.0.1:{unused.getsockname()[1]}")

            with pytest.raises(CarrierError) as refusal:
                carrier.submit(MESSAGE)

        assert refusal.value.retryable

    def test_neither_number_nor_code_is_in_a_reason(self, vendor: Vendor) -> None:
        for answer in (*self.refused, *self.not_now, *self.bad_number):
            refusal = self.refusal(vendor, answer)

            assert MESSAGE.phone[1:] not in str(refusal)
            assert CODE not in str(refusal)


class ContractOutsideAws(Contract):
    """What the carriers do that hold credentials of their own; `keys` are secret."""

    keys: ClassVar[tuple[str, ...]]

    def test_a_vendor_whose_certificate_nobody_vouches_for_gets_nothing(
        self, tmp_path: Path
    ) -> None:
        with serving(self_signed(tmp_path)) as vendor:
            with pytest.raises(CarrierError) as refusal:
                self.make(vendor.url).submit(MESSAGE)

            assert (refusal.value.reason, refusal.value.retryable) == (
                "SSLCertVerificationError",
                True,
            )
            assert vendor.calls == []

    def test_an_earlier_failure_says_nothing_about_this_call(self, vendor: Vendor) -> None:
        """Python chains what was being handled, such as the carrier that was tried before."""
        vendor.hangs_up = True
        carrier = self.make(vendor.url)

        try:
            urllib3.request("POST", NOBODY, retries=False)
        except NewConnectionError:
            with pytest.raises(OutcomeUnknown):
                carrier.submit(MESSAGE)

    def test_no_log_line_and_no_traceback_holds_the_number_the_code_or_the_key(
        self, vendor: Vendor, caplog: pytest.LogCaptureFixture
    ) -> None:
        for name in TALKATIVE:
            caplog.set_level(logging.DEBUG, logger=name)
        caplog.set_level(logging.DEBUG)
        told: list[str] = []

        self.make(vendor.url).submit(MESSAGE)
        for answer in (*self.refused, Answer(HTML, 500), Answer(b"{}")):
            self.set(vendor, answer)
            told.append(traced(self.make(vendor.url)))
        vendor.hangs_up = True
        told.append(traced(self.make(vendor.url)))
        told.append(traced(self.make(NOBODY)))

        said = caplog.text + "".join(told)
        for secret in (MESSAGE.phone[1:], CODE, *self.keys):
            assert secret not in said

    def test_each_message_has_a_connection_of_its_own(self, vendor: Vendor) -> None:
        self.make(vendor.url).submit(MESSAGE)

        assert vendor.calls[0].headers["connection"] == "close"


def traced(carrier: Carrier) -> str:
    """The traceback of a failure, as a log would have it."""
    with pytest.raises((CarrierError, OutcomeUnknown)) as raised:
        carrier.submit(MESSAGE)
    return "".join(traceback.format_exception(raised.value))


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate for this machine that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "vendor.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
