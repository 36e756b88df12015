"""What an app may ask to be sent, and what anyone with its public key may not."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import send_requests
from signet.credentials import Authority
from signet.errors import BadParameter, PhoneInvalid, PhoneMissing, SignetError
from signet.limits import Channel
from signet.send_requests import SendRequest

PHONE = "18612345678"


def parse(
    authority: Authority = Authority.CLIENT, app_name: str = "示例应用", **fields: Any
) -> SendRequest:
    body = {"mobilePhoneNumber": PHONE, **fields}
    return send_requests.parse(body, authority=authority, app_name=app_name)


def given_as(field: str, value: object) -> dict[str, Any]:
    """The value as a field of that name."""
    return {field: value}


def test_a_number_alone_is_enough() -> None:
    request = parse()

    assert request.phone.e164 == "+8618612345678"
    assert request.channel is Channel.SMS
    assert request.ttl == timedelta(minutes=10)
    assert (request.name, request.operation, request.sign) == (None, None, None)


def test_all_that_the_guide_sends_is_understood() -> None:
    request = parse(smsType="sms", name="天东商城", op="付款", ttl=5, sign="LeanCloud")

    assert request.ttl == timedelta(minutes=5)
    assert (request.name, request.operation, request.sign) == ("天东商城", "付款", "LeanCloud")


@pytest.mark.parametrize(
    ("ttl", "minutes"),
    [
        (1, 1),
        (30, 30),
        ("5", 5),
        (" 5 ", 5),
        (10.0, 10),
        ("10.0", 10),
        ("1e1", 10),
        ("５", 5),
        (None, 10),
        ("", 10),
    ],
)
def test_a_ttl_is_minutes_as_a_number_or_as_text(ttl: object, minutes: int) -> None:
    assert parse(ttl=ttl).ttl == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "ttl",
    [
        0,
        -1,
        31,
        "31",
        1.5,
        "1.5",
        0.999,
        "five",
        True,
        False,
        [5],
        {"minutes": 5},
        float("nan"),
        float("inf"),
        "nan",
        "inf",
        "-inf",
        -1e300,
        "1e400",
        10**400,
        -(10**400),
    ],
    ids=lambda ttl: str(ttl)[:12],
)
def test_any_other_ttl_is_refused(ttl: object) -> None:
    with pytest.raises(BadParameter, match="ttl must be between 1 and 30 minutes"):
        parse(ttl=ttl)


@given(st.one_of(st.integers(), st.floats(), st.text(max_size=12)))
def test_a_ttl_is_whole_minutes_between_one_and_thirty_or_refused(ttl: object) -> None:
    try:
        parsed = parse(ttl=ttl).ttl
    except BadParameter:
        return
    assert timedelta(minutes=1) <= parsed <= timedelta(minutes=30)
    assert parsed % timedelta(minutes=1) == timedelta()


@pytest.mark.parametrize(
    ("written", "channel"),
    [
        ("sms", Channel.SMS),
        ("voice", Channel.VOICE),
        (" voice ", Channel.VOICE),
        (None, Channel.SMS),
        ("", Channel.SMS),
    ],
)
def test_an_sms_type_is_sms_or_voice(written: str | None, channel: Channel) -> None:
    assert parse(smsType=written).channel is channel


def test_a_call_reads_out_a_code_and_takes_no_template() -> None:
    with pytest.raises(BadParameter, match="no template"):
        parse(smsType="voice", template="Login")

    assert parse(smsType="voice", template="").channel is Channel.VOICE


@pytest.mark.parametrize("channel", ["SMS", "Voice", "mms", 5, True, ["sms"]])
def test_an_unknown_sms_type_is_refused(channel: object) -> None:
    with pytest.raises(BadParameter, match="smsType"):
        parse(smsType=channel)


@pytest.mark.parametrize("absent", [None, ""])
def test_an_empty_option_is_as_good_as_none(absent: object) -> None:
    request = parse(smsType=absent, name=absent, op=absent, sign=absent, template=absent)

    assert (request.channel, request.name, request.sign) == (Channel.SMS, None, None)
    assert request.template is None


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("Order_Notice", "Order_Notice"),
        (" Order_Notice ", "Order_Notice"),
        # flask-leancloud-sms has a comma too many (wire.md 7.1).
        (["Order_Notice"], "Order_Notice"),
        ("订单通知", "订单通知"),
        (5, "5"),
        ([5], "5"),
        ([None], None),
        ([""], None),
    ],
)
def test_a_template_is_named_by_itself_or_in_an_array_of_one(
    template: object, name: str | None
) -> None:
    assert parse(template=template).template == name


@pytest.mark.parametrize(
    "template",
    [
        *([], ["a", "b"], [["a"]], [{}], {"name": "a"}, True, [True]),
        *("\ud800", "a\nb", "x" * 201, "【a】"),
    ],
    ids=repr,
)
def test_what_is_no_name_of_a_template_is_refused_by_its_field(template: object) -> None:
    with pytest.raises(BadParameter, match="template"):
        parse(template=template)


@pytest.mark.parametrize(
    ("number", "error"),
    [(None, PhoneMissing), ("", PhoneMissing), ("12", PhoneInvalid), ([PHONE], PhoneInvalid)],
)
def test_a_number_is_required_and_checked(number: object, error: type[SignetError]) -> None:
    with pytest.raises(error):
        parse(mobilePhoneNumber=number)


@pytest.mark.parametrize(
    ("country", "number", "e164"),
    [
        ("US", "2015550123", "+12015550123"),
        ("us", "2015550123", "+12015550123"),
        ("CN", PHONE, "+8618612345678"),
        ("nonsense", PHONE, "+8618612345678"),
        (None, PHONE, "+8618612345678"),
    ],
)
def test_a_bare_number_is_read_in_the_legacy_country(
    country: object, number: str, e164: str
) -> None:
    assert parse(countryCode=country, mobilePhoneNumber=number).phone.e164 == e164


PLAIN = [
    "天东商城",
    "Tian Dong Mall",
    "AT&T",
    "Café L'Été",
    "付款（确认）",
    "360",
    "58同城",
    "QQ-2号",
    "三一重工",
    "《原神》",
    "十月妈咪",
]


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("field", ["name", "op"])
def test_a_client_may_name_ordinary_apps_and_operations(field: str, text: str) -> None:
    assert parse(**given_as(field, text)) is not None


LINKS = {
    "scheme": "https://evil.example",
    "bare host": "evil.example",
    "host and path": "evil/pay",
    "port": "evil:8080",
    "mail": "pay@evil",
    "ideographic full stop": "evil。example",
    "full-width full stop": "evil．example",
    "half-width ideographic full stop": "evil｡example",
    "one dot leader": "evil․example",
    "dot operator": "evil⋅example",
    "bullet": "evil•example",
    "digit with a full stop": "evil⒈com",
    "lisu tone like a dot": "evil\ua4f8com",
    "arabic zero like a dot": "evil\u0660com",
    "persian zero like a dot": "evil\u06f0com",
    "musical mark like a dot": "evil\U0001d16dcom",
    "full-width slash": "evil／pay",
    "division slash": "evil∕pay",
    "fraction slash": "evil⁄pay",
    "account of": "evil℀pay",
    "backslash": "evil\\pay",
    "percent": "evil%2ecom",
    "hash": "evil#pay",
    "query": "evil?pay",
    "equals": "a=b",
    "markup": "<a>",
    "template": "{{code}}",
}
CODES = {
    "digits": "123456",
    "four digits": "1234",
    "spaced digits": "1 2 3 4",
    "dashed digits": "12-34",
    "hidden among letters": "a1b2c3d4",
    "full-width": "１２３４",
    "arabic": "١٢٣٤",
    "mathematical": "𝟏𝟐𝟑𝟒",
    "superscript": "¹²³⁴",
    "circled": "①②③④",
    "negative circled": "❶❷❸❹",
    "double circled": "⓵⓶⓷⓸",
    "parenthesised": "⑴⑵⑶⑷",
    "with a full stop": "⒈⒉⒊⒋",
    "circled numbers above nine": "⑫㉞㊱",
    "negative circled numbers above nine": "⓬⓭⓮",
    "parenthesised numbers above nine": "⑿⒀⒁",
    "roman numbers above nine": "ⅫⅫⅫ",
    "chinese": "一二三四",
    "chinese zero": "一〇零二",
    "bankers'": "壹贰叁肆",
    "suzhou": "〡〢〣〤",
    "roman": "ⅠⅡⅢⅣ",
    "keycaps": "1\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e34\ufe0f\u20e3",
    "mixed": "1①一Ⅰ",
}


@pytest.mark.parametrize("field", ["name", "op"])
@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_client_cannot_smuggle_in_a_link(link: str, field: str) -> None:
    with pytest.raises(BadParameter, match=field):
        parse(**given_as(field, link))


@pytest.mark.parametrize("field", ["name", "op"])
@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_client_cannot_smuggle_in_a_second_code(code: str, field: str) -> None:
    with pytest.raises(BadParameter, match="digits"):
        parse(**given_as(field, code))


def test_a_second_code_cannot_be_split_over_name_and_operation() -> None:
    with pytest.raises(BadParameter, match="name and op"):
        parse(name="码12", op="34")


@pytest.mark.parametrize("field", ["name", "op"])
def test_a_client_text_has_at_most_twenty_characters(field: str) -> None:
    assert parse(**given_as(field, "商" * 20)) is not None
    with pytest.raises(BadParameter, match="longer than 20"):
        parse(**given_as(field, "商" * 21))


@pytest.mark.parametrize("name", ["Shop.example", "12306", "An app with quite a long name indeed"])
def test_the_apps_own_name_needs_no_master_key(name: str) -> None:
    assert parse(app_name=name, name=name).name == name


def test_the_apps_own_name_is_no_excuse_for_an_operation() -> None:
    with pytest.raises(BadParameter):
        parse(app_name="12306", name="12306", op="12306")


@pytest.mark.parametrize("text", [*LINKS.values(), *CODES.values(), "商" * 200])
def test_the_master_key_may_write_links_numbers_and_long_texts(text: str) -> None:
    request = parse(Authority.MASTER, name=text, op=text)

    assert (request.name, request.operation) == (text, text)


NEVER = {
    "a second signature": "【银行】",
    "an opening bracket": "【",
    "a closing bracket": "】",
    "a new line": "a\nb",
    "a carriage return": "a\rb",
    "a nul": "a\x00b",
    "a bell": "a\x07b",
    "a line separator": "a\u2028b",
    "right-to-left override": "a\u202eb",
    "zero-width space": "a\u200bb",
    "half a surrogate pair": "a\ud800b",
}


@pytest.mark.parametrize("authority", Authority)
@pytest.mark.parametrize("field", ["name", "op"])
@pytest.mark.parametrize("text", NEVER.values(), ids=NEVER)
def test_nobody_may_fake_a_signature_or_send_control_characters(
    text: str, field: str, authority: Authority
) -> None:
    with pytest.raises(BadParameter, match=field):
        parse(authority, **given_as(field, text))


def test_two_hundred_characters_are_enough_for_anybody() -> None:
    with pytest.raises(BadParameter, match="200"):
        parse(Authority.MASTER, name="商" * 201)


@pytest.mark.parametrize("field", ["name", "op", "sign"])
@pytest.mark.parametrize("value", [True, ["x"], {"x": 1}])
def test_a_text_that_is_none_is_refused_by_its_name(field: str, value: object) -> None:
    with pytest.raises(BadParameter, match=field):
        parse(**given_as(field, value))


@pytest.mark.parametrize("space", [" ", "\u3000", "\u00a0"])
def test_spaces_of_any_width_are_text(space: str) -> None:
    assert parse(name=f"张{space}三").name == f"张{space}三"
    assert given_values({"to": f"张{space}三"}) == {"to": f"张{space}三"}


def test_a_number_is_taken_for_its_text() -> None:
    assert parse(name=58).name == "58"


# --- Variables of a template ------------------------------------------------------------------


def given_values(
    fields: dict[str, Any],
    *names: str,
    authority: Authority = Authority.CLIENT,
) -> dict[str, str]:
    """The values that a request with these fields gives for `names`, or for all its fields."""
    request = send_requests.parse(
        {"mobilePhoneNumber": PHONE, **fields}, authority=authority, app_name="示例应用"
    )
    return send_requests.values(request, names or tuple(fields), authority=authority)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("天东商城", "天东商城"),
        (" 天东商城\n", "天东商城"),
        ("", ""),
        (0, "0"),
        (7_623_432_424_540, "7623432424540"),
        (3.0, "3"),
        (-3.0, "-3"),
        (99.5, "99.5"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        (False, "false"),
        ("O'Hara & <Söhne>", "O'Hara & <Söhne>"),
    ],
)
def test_a_value_is_a_scalar_printed_as_it_is(value: object, text: str) -> None:
    assert given_values({"x": value}, authority=Authority.MASTER) == {"x": text}


@pytest.mark.parametrize("value", [None, ...])
def test_a_value_that_is_not_given_is_left_out(value: object) -> None:
    fields = {} if value is ... else {"x": value}

    assert given_values({**fields, "y": 1}, "x", "y") == {"y": "1"}


@pytest.mark.parametrize("value", [[], ["x"], {}, {"x": 1}])
@pytest.mark.parametrize("authority", Authority)
def test_a_value_that_is_no_scalar_is_refused_by_the_variables_name(
    value: object, authority: Authority
) -> None:
    with pytest.raises(BadParameter, match="variable order_id"):
        given_values({"order_id": value}, authority=authority)


@pytest.mark.parametrize("authority", Authority)
@pytest.mark.parametrize("text", NEVER.values(), ids=NEVER)
def test_no_value_may_hold_a_signature_or_control_characters(
    text: str, authority: Authority
) -> None:
    with pytest.raises(BadParameter, match="variable order_id"):
        given_values({"order_id": f"a{text}b"}, authority=authority)


def test_a_value_nobody_asks_for_is_not_looked_at() -> None:
    assert given_values({"x": "【", "y": 1}, "y") == {"y": "1"}


def test_a_value_has_at_most_four_hundred_characters() -> None:
    assert given_values({"x": "商" * 400}, authority=Authority.MASTER)
    with pytest.raises(BadParameter, match="variable x is longer than 400"):
        given_values({"x": "商" * 401}, authority=Authority.MASTER)


@pytest.mark.parametrize(
    "option",
    [
        *("mobilePhoneNumber", "smsType", "ttl", "name", "template", "sign", "code"),
        *("countryCode", "validate_token", "validateToken"),
    ],
)
def test_what_means_something_to_the_service_is_no_variable(option: str) -> None:
    fields = {"ttl": 5, "smsType": "sms", **{option: PHONE if "Number" in option else "5"}}
    if option == "smsType":
        fields["smsType"] = "sms"

    assert given_values(fields, option) == {}


def test_the_operation_is_a_variable_too() -> None:
    assert given_values({"op": "付款"}) == {"op": "付款"}
    assert given_values({}, "op") == {}


ORDINARY = [
    "7623432424540",
    "顺丰 SF1234567890",
    "张三",
    "张　三",
    "12:30",
    "9:05:59",
    "12：30",
    "2026-11-22",
    "2026.11.22 12:30",
    "2026/1/5",
    "11/22",
    "99.50",
    "12345.67",
    "100.5元",
    "360",
    "下午3:30",
    "1号楼",
    "138 1234 56789",
]


@pytest.mark.parametrize("value", ORDINARY)
def test_a_client_may_give_times_dates_amounts_and_long_numbers(value: str) -> None:
    assert given_values({"x": value}) == {"x": value}


NUMBERS_LIKE_LINKS = [
    "101.202.103.204",
    "1.2.3.4",
    "1.2.3",
    "10.0.0.1/x",
    "101.202.103.204/5",
    "99.50.com",
    "2026.11.22.cn",
    "12:30/x",
    "12:305",
    "1:2",
    "99.501",
    "evil12:30.com",
]


@pytest.mark.parametrize("value", [*LINKS.values(), *NUMBERS_LIKE_LINKS])
def test_a_client_cannot_smuggle_a_link_into_a_value(value: str) -> None:
    with pytest.raises(BadParameter, match="variable x"):
        given_values({"x": value})


LIKE_CODES = {
    **{name: text for name, text in CODES.items() if name != "hidden among letters"},
    "eight digits": "12345678",
    "quoted": "“1234”",
    "in brackets": "(123456)",
    "with a comma": "123,456",
    "with points": "1·2·3·4·5·6",
    "with underscores": "12_34_56",
    "exclaimed": "123456！",
    "a number": 123456,
    "a number like a time": "1234:56",
}


@pytest.mark.parametrize("value", LIKE_CODES.values(), ids=LIKE_CODES)
def test_a_client_cannot_give_what_could_pass_for_a_code(value: object) -> None:
    with pytest.raises(BadParameter, match="variable x"):
        given_values({"x": value})


def test_a_clients_value_has_at_most_twenty_characters() -> None:
    assert given_values({"x": "商" * 20}) == {"x": "商" * 20}
    with pytest.raises(BadParameter, match="variable x is longer than 20"):
        given_values({"x": "商" * 21})


@pytest.mark.parametrize("text", [*LINKS.values(), *CODES.values(), *NUMBERS_LIKE_LINKS])
def test_the_master_key_may_give_any_value(text: str) -> None:
    assert given_values({"x": text}, authority=Authority.MASTER) == {"x": text}


@given(st.text(max_size=20))
def test_a_clients_value_holds_dots_and_colons_only_within_numbers(text: str) -> None:
    try:
        value = given_values({"x": text})["x"]
    except BadParameter:
        return
    for place, character in enumerate(value):
        if character in ".:/":
            assert value[place - 1].isdigit()
            assert value[place + 1].isdigit()


@given(st.text(max_size=20))
def test_what_a_client_may_send_holds_no_dot_slash_or_colon(text: str) -> None:
    try:
        name = parse(name=text).name
    except BadParameter:
        return
    assert not set(name or "") & set("./:\\@【】\n\r")


@given(
    st.dictionaries(
        st.sampled_from(["mobilePhoneNumber", "smsType", "ttl", "name", "op", "sign", "template"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
            ),
            max_leaves=4,
        ),
    )
)
def test_any_json_object_is_a_request_or_a_refusal(body: dict[str, object]) -> None:
    for authority in Authority:
        with suppress(SignetError):
            send_requests.parse(body, authority=authority, app_name="示例应用")
