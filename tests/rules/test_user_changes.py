"""Changes of a user: values, operations, dots, flags and numbers, and what none of them may do."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import user_changes, users
from signet.errors import (
    BadParameter,
    EmailInvalid,
    KeyInvalid,
    KeyReadOnly,
    PhoneInvalid,
    SignetError,
    UsernameInvalid,
    UsernameMissing,
)
from signet.user_changes import Change
from signet.users import User

NOW = 1_795_334_400_000
PHONE = "+8618612345678"
USER = User(
    "signet-demo-app",
    "5f1e00000000000000000001",
    NOW - 2_000,
    NOW - 1_000,
    username="hjiang",
    email="hang@leancloud.rocks",
    email_verified=True,
    phone=PHONE,
    written_phone="18612345678",
    phone_verified=True,
    password="$argon2id$old",
    attributes={
        "score": 2,
        "tags": ["a", "b", "a"],
        "team": {"name": "red", "ids": [1, 2], "more": {"x": 1}},
        "nothing": None,
        "flags": [True, 1, [False], [0]],
    },
    auth={"weixin": {"openid": "o1"}},
)
LINKED = {
    "wxapp": {"openid": "o1", "unionid": "u1", "platform": "weixin"},
    "_weixin_unionid": {"uid": "u1"},
}


def change(
    body: dict[str, Any], user: User = USER, *, trusted: bool = False, **options: Any
) -> User:
    return Change(user_changes.checked(body), trusted, NOW, **options).apply(user)


def op(name: str, **fields: Any) -> dict[str, Any]:
    """An operation, as SDKs write it."""
    return {"__op": name, **fields}


DELETE = op("Delete")


# --- Values and operations --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "after"),
    [
        ("score", 5, 5),
        ("score", None, None),
        ("new", {"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
        ("team", {"name": "blue"}, {"name": "blue"}),
        ("when", {"__type": "Date", "iso": "x"}, {"__type": "Date", "iso": "x"}),
        ("ACL", {"*": {"read": True}}, {"*": {"read": True}}),
        ("score", op("Increment", amount=3), 5),
        ("score", op("Increment", amount=-3), -1),
        ("score", op("Increment", amount=0.5), 2.5),
        ("score", op("Increment"), 3),
        ("new", op("Increment", amount=4), 4),
        ("nothing", op("Increment", amount=4), 4),
        ("tags", op("Add", objects=["a", 1]), ["a", "b", "a", "a", 1]),
        ("new", op("Add", objects=["a", "a"]), ["a", "a"]),
        ("nothing", op("Add", objects=[]), []),
        ("tags", op("AddUnique", objects=["b", "c", "c"]), ["a", "b", "a", "c"]),
        ("new", op("AddUnique", objects=["c", "c"]), ["c"]),
        ("tags", op("Remove", objects=["a", "z"]), ["b"]),
        ("new", op("Remove", objects=["a"]), []),
        (
            "new",
            op("AddUnique", objects=[1, True, 1.0, {"a": 1}, {"a": True}]),
            [1, True, {"a": 1}, {"a": True}],
        ),
        ("flags", op("Remove", objects=[1, [0]]), [True, [False]]),
        # An object without an operation is a value.
        ("new", {"__op": None}, {"__op": None}),
    ],
)
def test_an_attribute_is_set_or_operated_on(key: str, value: object, after: object) -> None:
    changed = change({key: value}).attributes

    assert repr(changed) == repr({**USER.attributes, key: after})


def test_long_lists_are_added_to_and_removed_from() -> None:
    many = list(range(15_000))

    user = change({"many": op("AddUnique", objects=many + many)})

    assert user.attributes["many"] == many
    assert change({"many": op("Remove", objects=many[1:])}, user).attributes["many"] == [0]


@pytest.mark.parametrize("key", ["score", "tags", "team", "new"])
def test_a_deleted_attribute_is_gone_and_one_that_is_none_is_no_error(key: str) -> None:
    left = {name: value for name, value in USER.attributes.items() if name != key}

    assert change({key: DELETE}).attributes == left


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("tags", op("Increment", amount=1)),
        ("score", op("Increment", amount="1")),
        ("score", op("Increment", amount=True)),
        ("score", op("Increment", amount=[1])),
        ("score", op("Add", objects=[1])),
        ("tags", op("Add", objects="a")),
        ("tags", op("Add")),
        ("tags", op("AddUnique", objects={"a": 1})),
        ("team", op("Remove", objects=["a"])),
        ("tags", op("AddRelation", objects=[])),
        ("tags", op("delete")),
        ("tags", op("")),
        ("tags", {"__op": 7}),
        ("tags", {"__op": ["Add"]}),
    ],
)
def test_an_operation_that_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(BadParameter):
        change({key: value})


@pytest.mark.parametrize(
    ("old", "amount"), [(1.7e308, 1e308), (-1.7e308, -1e308), (10**400, 0.5), (1, 10**400)]
)
def test_a_sum_that_is_no_number_for_sdks_is_refused(old: float, amount: float) -> None:
    with pytest.raises(BadParameter, match="so far"):
        change({"n": op("Increment", amount=amount)}, replace(USER, attributes={"n": old}))


def test_an_attribute_that_is_true_is_not_incremented() -> None:
    with pytest.raises(BadParameter, match="flag cannot be incremented"):
        change({"flag": op("Increment", amount=1)}, replace(USER, attributes={"flag": True}))


def test_the_changes_of_a_body_are_made_in_their_order() -> None:
    body = {"team.name": "blue", "team.ids": op("Add", objects=[3]), "team.more.y": 2}

    assert change(body).attributes["team"] == {
        "name": "blue",
        "ids": [1, 2, 3],
        "more": {"x": 1, "y": 2},
    }


def test_a_change_has_its_time_and_never_goes_back() -> None:
    later = replace(USER, updated_at=NOW + 5)

    assert change({}).updated_at == NOW
    assert change({}, later) == later


# --- Dots -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "team"),
    [
        ("team.name", "blue", {"name": "blue", "ids": [1, 2], "more": {"x": 1}}),
        ("team.more.x", DELETE, {"name": "red", "ids": [1, 2], "more": {}}),
        ("team.more", DELETE, {"name": "red", "ids": [1, 2]}),
        ("team.none", DELETE, {"name": "red", "ids": [1, 2], "more": {"x": 1}}),
        (
            "team.more.x",
            op("Increment", amount=2),
            {"name": "red", "ids": [1, 2], "more": {"x": 3}},
        ),
        (
            "team.ids",
            op("Remove", objects=[1]),
            {"name": "red", "ids": [2], "more": {"x": 1}},
        ),
        ("team.a.b.c", 1, {**USER.attributes["team"], "a": {"b": {"c": 1}}}),
    ],
)
def test_a_dot_goes_inside_an_object(key: str, value: object, team: object) -> None:
    assert change({key: value}).attributes == {**USER.attributes, "team": team}


def test_a_dot_makes_the_object_that_it_goes_into() -> None:
    assert change({"new.a.b": 1}).attributes["new"] == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "key",
    [
        *("score.x", "tags.0", "nothing.x", "team.name.x", "team.ids.0"),
        *("username.x", "email.x", "mobilePhoneNumber.x", "password.x"),
        *("emailVerified.x", "mobilePhoneVerified.x"),
    ],
)
def test_a_dot_goes_inside_of_nothing_else(key: str) -> None:
    with pytest.raises(KeyInvalid):
        change({key: 1})


@pytest.mark.parametrize("key", ["team.", "team..x", "team.x.", "score.", "username.", "new."])
def test_a_dot_stands_between_two_keys(key: str) -> None:
    with pytest.raises(KeyInvalid):
        change({key: 1})


# --- Names of keys ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a", "Z9", "a_b", "x" * 128, "ACL"])
def test_a_key_is_letters_digits_and_underscores_after_a_letter(key: str) -> None:
    assert key in change({key: 1}).attributes


@pytest.mark.parametrize(
    "key",
    [
        *("", "_a", "__a", "9a", "a-b", "a b", "a\n", "a#b", "$a", "名", "é", "x" * 129),
        *(".a", "_a.b", "9.a", "a-b.c", "a\x00"),
    ],
    ids=repr,
)
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(KeyInvalid):
        change({key: 1})


@pytest.mark.parametrize(
    "key", [*sorted(user_changes.ECHOED), "smsCode", "validate_token", "objectId.x", "className."]
)
def test_what_sdks_send_back_changes_nothing(key: str) -> None:
    assert change({key: "5f"}) == replace(USER, updated_at=NOW)
    assert change({key: DELETE}) == replace(USER, updated_at=NOW)


# --- Fields of a user -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"username": "new"}, {"username": "new"}),
        ({"email": "a@b.c"}, {"email": "a@b.c", "email_verified": False}),
        ({"email": "hang@leancloud.rocks"}, {}),
        ({"email": None}, {"email": None, "email_verified": False}),
        ({"email": ""}, {"email": None, "email_verified": False}),
        ({"email": DELETE}, {"email": None, "email_verified": False}),
    ],
)
def test_a_name_and_an_address_are_changed(
    body: dict[str, object], changed: dict[str, Any]
) -> None:
    assert change(body) == replace(USER, updated_at=NOW, **changed)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"username": None}, UsernameMissing),
        ({"username": ""}, UsernameMissing),
        ({"username": DELETE}, UsernameMissing),
        ({"username": op("Increment")}, UsernameInvalid),
        ({"username": 7}, UsernameInvalid),
        ({"email": "a"}, EmailInvalid),
        ({"email": op("Add", objects=[])}, EmailInvalid),
        ({"mobilePhoneNumber": "12"}, PhoneInvalid),
        ({"mobilePhoneNumber": op("Increment")}, PhoneInvalid),
        ({"mobilePhoneNumber": True}, PhoneInvalid),
    ],
)
def test_a_field_of_a_user_is_checked(body: dict[str, object], error: type[SignetError]) -> None:
    with pytest.raises(error):
        change(body, trusted=True)


@pytest.mark.parametrize(
    "spelling",
    ["18612345678", PHONE, "186-1234-5678", "+86 186 1234 5678", "１８６１２３４５６７８"],
)
def test_another_spelling_of_the_number_stays_proved_and_is_shown(spelling: str) -> None:
    expected = replace(USER, updated_at=NOW, written_phone=spelling)

    assert change({"mobilePhoneNumber": spelling}) == expected


def test_a_number_of_digits_is_a_number_too() -> None:
    assert change({"mobilePhoneNumber": 18_612_345_678}) == replace(USER, updated_at=NOW)


@pytest.mark.parametrize("trusted", [False, True])
def test_another_number_is_to_be_proved_anew(trusted: bool) -> None:
    changed = change({"mobilePhoneNumber": "18612345679"}, trusted=trusted)

    assert (changed.phone, changed.written_phone) == ("+8618612345679", "18612345679")
    assert not changed.phone_verified


@pytest.mark.parametrize("value", [None, "", DELETE])
def test_a_number_can_be_taken_away(value: object) -> None:
    changed = change({"mobilePhoneNumber": value})

    assert (changed.phone, changed.written_phone, changed.phone_verified) == (None, None, False)


def test_a_password_is_kept_as_it_was_hashed_and_never_as_it_was_sent() -> None:
    assert change({"password": "clear"}, password="$argon2id$new").password == "$argon2id$new"
    assert change({"password": "clear"}) == replace(USER, updated_at=NOW)


# --- Flags ------------------------------------------------------------------------------------

FLAGS = ["emailVerified", "mobilePhoneVerified"]


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("before", [False, True])
def test_only_the_master_key_sets_a_flag(flag: str, before: bool) -> None:
    user = replace(USER, email_verified=before, phone_verified=before)

    with pytest.raises(KeyReadOnly, match=flag):
        change({flag: not before}, user)
    changed = change({flag: not before}, user, trusted=True)
    assert (changed.email_verified, changed.phone_verified) == (
        before if flag != "emailVerified" else not before,
        before if flag == "emailVerified" else not before,
    )


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_that_is_sent_back_as_it_is_changes_nothing(flag: str) -> None:
    assert change({flag: True}) == replace(USER, updated_at=NOW)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("value", [None, "true", DELETE, [True], {}, 2])
def test_a_flag_is_true_or_false(flag: str, value: object) -> None:
    with pytest.raises(KeyReadOnly):
        change({flag: value}, trusted=True)


def test_a_new_number_can_be_proved_by_the_master_key_in_the_same_change() -> None:
    body = {"mobilePhoneNumber": "18612345679", "mobilePhoneVerified": True}

    assert change(body, trusted=True).phone_verified


def test_a_client_cannot_call_a_new_number_proved() -> None:
    with pytest.raises(KeyReadOnly):
        change({"mobilePhoneNumber": "18612345679", "mobilePhoneVerified": True})


# --- Other platforms --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        ({}, {"authData": {"qq": {"uid": "1"}}}, {"qq": {"uid": "1"}}),
        ({}, {"authData.qq": {"id": 7}}, {"qq": {"id": 7}}),
        (
            {"weixin": {"openid": "o1"}},
            {"authData": {"qq": {"uid": "1"}}},
            {"weixin": {"openid": "o1"}, "qq": {"uid": "1"}},
        ),
        (
            {"qq": {"uid": "1", "token": "old"}},
            {"authData": {"qq": {"uid": "1", "token": "new"}}},
            {"qq": {"uid": "1", "token": "new"}},
        ),
        ({}, {"authData": {"wxapp": LINKED["wxapp"]}}, LINKED),
        ({}, {"authData": LINKED}, LINKED),
        # A person across apps is named by both words or by none.
        ({}, {"authData.wx": {"uid": "1", "unionid": "u"}}, {"wx": {"uid": "1", "unionid": "u"}}),
        (
            {},
            {"authData.wx": {"uid": "1", "unionid": "", "platform": "weixin"}},
            {"wx": {"uid": "1", "unionid": "", "platform": "weixin"}},
        ),
        (
            {},
            {"authData.wx": {"uid": "1", "unionid": 7, "platform": "weixin"}},
            {"wx": {"uid": "1", "unionid": 7, "platform": "weixin"}},
        ),
        (LINKED, {"authData.wxapp": DELETE}, {}),
        (LINKED, {"authData": {"wxapp": None}}, {}),
        (
            {**LINKED, "wxweb": LINKED["wxapp"]},
            {"authData.wxapp": DELETE},
            {"wxweb": LINKED["wxapp"], "_weixin_unionid": {"uid": "u1"}},
        ),
        (LINKED, {"authData": {"wxapp": None, "_weixin_unionid": DELETE}}, {}),
        (LINKED, {"authData.none": DELETE}, LINKED),
        (LINKED, {"authData": None}, {}),
        (LINKED, {"authData": DELETE}, {}),
        (LINKED, {"authData": {}}, LINKED),
    ],
)
def test_platforms_are_linked_merged_and_cut(
    before: dict[str, Any], body: dict[str, Any], after: dict[str, Any]
) -> None:
    assert change(body, replace(USER, auth=before)).auth == after


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"authData": "weixin"}, BadParameter),
        ({"authData": [{"uid": "1"}]}, BadParameter),
        ({"authData": {"weixin": "o1"}}, BadParameter),
        ({"authData": {"weixin": {}}}, BadParameter),
        ({"authData": {"weixin": {"token": "x"}}}, BadParameter),
        ({"authData": {"weixin": {"uid": ""}}}, BadParameter),
        ({"authData": {"weixin": {"uid": "x" * 256}}}, BadParameter),
        ({"authData": {"weixin": {"uid": True}}}, BadParameter),
        ({"authData": {"wx": {**LINKED["wxapp"], "unionid": "x" * 256}}}, BadParameter),
        ({"authData": {"wx": {**LINKED["wxapp"], "platform": "x" * 129}}}, KeyInvalid),
        ({"authData": {"wx": {**LINKED["wxapp"], "platform": "a#b"}}}, KeyInvalid),
        ({"authData": {"weixin": op("Increment")}}, BadParameter),
        ({"authData": op("Increment")}, KeyInvalid),
        ({"authData": {"__weixin": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {f"{'_' * 3_000}a": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {"we ixin": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {"a#b": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {"": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {"_": {"uid": "1"}}}, KeyInvalid),
        ({"authData": {"a#b": None}}, KeyInvalid),
        ({"authData.weixin.uid": "1"}, KeyInvalid),
    ],
)
def test_a_platform_must_name_somebody(body: dict[str, Any], error: type[SignetError]) -> None:
    with pytest.raises(error):
        change(body, trusted=True)


@pytest.mark.parametrize(
    ("body", "links"),
    [
        ({}, False),
        ({"username": "x"}, False),
        ({"authData": None}, False),
        ({"authData": {}}, False),
        ({"authData": DELETE}, False),
        ({"authData": {"weixin": None}}, False),
        ({"authData": {"weixin": DELETE}}, False),
        ({"authData.weixin": DELETE}, False),
        ({"authData.weixin": None}, False),
        ({"authData": {"weixin": {"uid": "1"}}}, True),
        ({"authData": {"weixin": DELETE, "qq": {"uid": "1"}}}, True),
        ({"authData.weixin": {"uid": "1"}}, True),
        ({"authData": {"weixin": None}, "authData.qq": {"uid": "1"}}, True),
        ({"authData.weixin": op("Increment")}, True),
    ],
)
def test_a_link_is_made_by_what_is_given_and_not_by_what_is_taken_back(
    body: dict[str, Any], links: bool
) -> None:
    assert user_changes.links(body) is links


def platforms(*numbers: int) -> dict[str, Any]:
    return {f"p{number}": {"uid": "1"} for number in numbers}


def test_a_user_and_a_change_have_as_many_claims_as_a_transaction_can_write() -> None:
    blank = User("signet-demo-app", "5f", NOW, NOW)
    full = change({"authData": platforms(*range(80))}, blank)

    with pytest.raises(BadParameter, match="too many platforms"):
        change({"authData": platforms(*range(81))}, blank)
    with pytest.raises(BadParameter, match="too many platforms"):
        change({"authData.one_more": {"uid": "1"}}, full)
    swapped = dict.fromkeys(platforms(*range(80))) | platforms(99)
    with pytest.raises(BadParameter, match="too many platforms"):
        change({"authData": swapped}, full)
    assert change({"authData": None}, full).auth == {}


def test_who_has_too_many_claims_already_may_change_everything_else() -> None:
    crowded = replace(USER, auth=platforms(*range(95)))

    assert change({"score": 3, "authData.p1": DELETE}, crowded).attributes["score"] == 3


# --- Size and depth ---------------------------------------------------------------------------


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_an_object_is_nested_thirty_two_levels_deep_at_most() -> None:
    assert change({"a": nested(30)})
    with pytest.raises(BadParameter, match="deeper than 32"):
        change({"a": nested(31)})


@pytest.mark.parametrize("dots", [32, 5_000])
def test_dots_lead_no_deeper_than_objects_are(dots: int) -> None:
    with pytest.raises(BadParameter, match="deeper than 32"):
        change({f"a{'.a' * dots}": 1, "b": 1})


def test_an_object_does_not_grow_deeper_little_by_little() -> None:
    user = change({"a.b.c": nested(20)})

    with pytest.raises(BadParameter, match="deeper than 32"):
        change({f"a{'.b' * 10}": nested(25)}, user)


@pytest.mark.parametrize("value", ["x" * 131_072, ["商" * 43_691], {"a": "\x00" * 30_000}])
def test_an_object_has_a_hundred_and_twenty_eight_kilobytes_at_most(value: object) -> None:
    with pytest.raises(BadParameter, match="128 kB"):
        change({"a": value})
    with pytest.raises(BadParameter, match="128 kB"):
        change({"authData.qq": {"uid": "1", "more": value}})


def test_a_user_that_grows_too_large_little_by_little_is_refused_as_well() -> None:
    user = change({"a": ["x" * 65_000]})
    more = {"a": op("Add", objects=["x" * 65_000])}

    grown = change(more, user)
    with pytest.raises(BadParameter, match="128 kB"):
        change(more, grown)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "\ud800", {"\ud800": 1}, [{"a": float("-inf")}]], ids=repr
)
def test_what_cannot_be_answered_again_is_refused(value: object) -> None:
    with pytest.raises(BadParameter, match="The object holds"):
        user_changes.checked({"a": value})


# --- Properties -------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=4))
def test_what_is_added_and_removed_again_leaves_the_others(
    before: list[int], objects: list[int]
) -> None:
    user = replace(USER, attributes={"list": before})

    added = change({"list": op("Add", objects=objects)}, user)
    removed = change({"list": op("Remove", objects=objects)}, added)

    assert removed.attributes["list"] == [each for each in before if each not in objects]


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=4))
def test_what_is_added_uniquely_is_there_and_twice_is_as_good_as_once(
    before: list[int], objects: list[int]
) -> None:
    add = {"list": op("AddUnique", objects=objects)}

    once = change(add, replace(USER, attributes={"list": before}))

    assert once.attributes["list"][: len(before)] == before
    assert set(once.attributes["list"]) == {*before, *objects}
    assert change(add, once) == once


@given(st.lists(st.integers(), max_size=8))
def test_increments_add_up(amounts: list[int]) -> None:
    user = USER
    for amount in amounts:
        user = change({"team.sum": op("Increment", amount=amount)}, user)

    assert user.attributes["team"].get("sum", 0) == sum(amounts)


NUMBERS = st.integers() | st.floats() | st.sampled_from([10**308, 10**400, 1e308, -1e308])
SCALARS = (
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(max_size=4)
    | st.sampled_from(["a@b.c", "18612345678", "weixin", "\ud800", "x" * 3_000])
)
NAMES = st.sampled_from(["uid", "unionid", "platform", "weixin", "__op", "a"]) | st.text(max_size=2)
VALUES = st.one_of(
    st.builds(op, st.just("Increment"), amount=NUMBERS),
    st.builds(
        op,
        st.sampled_from(["Delete", "Add", "AddUnique", "Remove", "Nonsense"]),
        objects=st.lists(SCALARS, max_size=3),
    ),
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=6,
    ),
    st.fixed_dictionaries(
        {"weixin": st.fixed_dictionaries({"uid": SCALARS, "unionid": SCALARS, "platform": SCALARS})}
    ),
)
PLACES = st.sampled_from([
    *("username", "email", "mobilePhoneNumber", "password", "authData", "authData.weixin", "ACL"),
    *("emailVerified", "mobilePhoneVerified", "tags", "team", "team.more.x", "objectId", "a.b.c"),
    *("score", "huge", f"a{'.b' * 40}", f"a{'.b' * 3_000}", f"authData.{'_' * 3_000}a"),
]) | st.text(max_size=4)  # fmt: skip
BODIES = st.lists(st.dictionaries(PLACES, VALUES, min_size=1, max_size=2), max_size=4)


@given(BODIES, st.booleans())
def test_whatever_is_sent_is_refused_or_makes_a_user_that_can_be_answered(
    bodies: list[dict[str, Any]], trusted: bool
) -> None:
    user = replace(USER, attributes={**USER.attributes, "huge": 1.7e308})
    for body in bodies:
        before = copy.deepcopy(user)
        try:
            changed = change(body, user, trusted=trusted)
        except SignetError:
            changed = user
        # The user that was read is what the condition of its write compares with.
        assert user == before
        document = users.document(changed, own=True, acl=True)
        assert json.loads(json.dumps(document, allow_nan=False)) == document
        assert all(len(claim.encode()) < 1_500 for claim in changed.claims)
        user = changed
