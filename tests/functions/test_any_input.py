"""Whatever is sent, the answer has LeanCloud's shape and nothing breaks."""

import json
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.request import app as request
from functions.router import app as router
from functions.verify import app as verify
from tests.functions.service import APP_KEY, MASTER_KEY, NOBODY, Service, put_template
from tests.gateway import CONTEXT, rest_event

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.sampled_from(
        [
            *("18612345678", "１８６１２３４５６７８", "sms", "5", "\ud800", "app", "【x】"),
            *("a" * 3000, "Order_Notice", "Signet", "12:30", "{{x}}"),
        ]
    )
)
VALUES = (
    SCALARS
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
)
FIELDS = (
    *("mobilePhoneNumber", "smsType", "ttl", "name", "op", "sign", "template"),
    *("validate_token", "countryCode", "_method", "_ApplicationId", "_ApplicationKey"),
    *("order_id", "code", "x"),
)
NAMES = (
    *("X-LC-Id", "X-LC-Key", "X-LC-Sign", "Content-Type"),
    *("Idempotency-Key", "User-Agent", "X-AVOSCloud-Master-Key"),
)
WORDS = ("signet-demo-app", "signet-demo-key", "signet-demo-master,master", "text/plain")


@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    route=st.sampled_from(
        [(request, "/1.1/requestSmsCode"), (verify, "/1.1/verifySmsCode/"), (router, "/1.1/")]
    ),
    tail=st.text(max_size=12),
    body=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8),
    headers=st.dictionaries(
        st.sampled_from(NAMES), st.text(max_size=30) | st.sampled_from(WORDS), max_size=5
    ),
    known=st.sampled_from([NOBODY, APP_KEY, MASTER_KEY, MASTER_KEY]),
    query=st.dictionaries(st.just("mobilePhoneNumber"), st.text(max_size=20), max_size=1),
)
def test_every_answer_is_in_shape_and_none_is_a_fault(
    service: Service,
    route: tuple[ModuleType, str],
    tail: str,
    body: dict[str, Any],
    headers: dict[str, str],
    known: dict[str, str],
    query: dict[str, str],
) -> None:
    function, path = route
    put_template("{{#if x}}{{x}}{{/if}} {{order_id}}")
    event = rest_event(
        path + ("" if function is request else tail),
        json.dumps(body),
        headers=known | headers,
        query=query,
    )

    reply = function.handler(event, CONTEXT)

    answer = json.loads(reply["body"])
    if reply["statusCode"] == 200:
        assert answer == {} or answer["__type"] == "Date"
    else:
        assert 400 <= reply["statusCode"] < 500
        assert isinstance(answer["code"], int)
        assert isinstance(answer["error"], str)
