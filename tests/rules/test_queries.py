"""Queries of users: what each operator finds, in which order, and what is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signet import queries, users
from signet.errors import BadParameter
from signet.queries import Query
from signet.users import User

NOW = 1_795_334_400_000
USER = User(
    "signet-demo-app",
    "5f1e00000000000000000007",
    NOW,
    NOW + 1,
    username="hjiang",
    email="hang@leancloud.rocks",
    phone="+8618612345678",
    written_phone="186-1234-5678",
    phone_verified=True,
    attributes={
        "score": 2,
        "name": "江",
        "vip": True,
        "tags": ["a", "b", 1],
        "flags": [True],
        "empty": [],
        "nothing": None,
        "team": {"name": "red", "size": 3},
        "born": {"__type": "Date", "iso": "2001-02-03T04:05:06.007Z"},
        "boss": {"__type": "Pointer", "className": "_User", "objectId": "x"},
    },
    auth={"weixin": {"openid": "o1"}},
)


def finds(where: object) -> bool:
    return queries.matches(USER, queries.condition(json.dumps(where)))


def date(iso: str) -> dict[str, str]:
    """A date, as SDKs write it."""
    return {"__type": "Date", "iso": iso}


# --- Values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"objectId": USER.object_id},
        {"username": "hjiang"},
        {"email": "hang@leancloud.rocks", "score": 2},
        {"mobilePhoneVerified": True, "emailVerified": False},
        {"score": 2.0},
        {"name": "江"},
        {"vip": True},
        {"nothing": None},
        {"unknown": None},
        {"team.unknown.deeper": None},
        {"team": {"name": "red", "size": 3}},
        {"team.name": "red"},
        {"authData.weixin.openid": "o1"},
        {"boss": USER.attributes["boss"]},
        # A list is found by any of its elements, and as it is.
        {"tags": "a"},
        {"tags": 1},
        {"tags": ["a", "b", 1]},
        {"empty": []},
    ],
)
def test_a_value_finds_what_equals_it(where: object) -> None:
    assert finds(where)


@pytest.mark.parametrize(
    "where",
    [
        {"objectId": "5f1e00000000000000000008"},
        {"username": "HJiang"},
        {"email": "hang@leancloud.rocks", "score": 3},
        {"score": "2"},
        {"score": None},
        {"unknown": 1},
        {"unknown": ""},
        {"empty": None},
        {"team": {"name": "red"}},
        {"team.name.x": "red"},
        {"tags.0": "a"},
        {"tags": ["a", "b"]},
        {"tags": ["b", "a", 1]},
        {"": None, "score": 3},
        {"password": "x"},
    ],
)
def test_a_value_finds_nothing_else(where: object) -> None:
    assert not finds(where)


@pytest.mark.parametrize(
    "where",
    [
        {"vip": 1},
        {"vip": {"$gt": 0}},
        {"vip": {"$in": [1]}},
        {"score": {"$gt": False}},
        {"tags": True},
        {"flags": 1},
        {"flags": {"$all": [1]}},
        {"emailVerified": 0},
        {"flags": [1]},
        {"flags": {"$in": [[1]]}},
        {"flags": {"$size": True}},
    ],
)
def test_true_and_false_are_no_numbers(where: object) -> None:
    assert not finds(where)


# --- Operators --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "operator", "operand", "found"),
    [
        ("score", "$eq", 2, True),
        ("score", "$eq", 3, False),
        ("tags", "$eq", "a", True),
        ("unknown", "$eq", None, True),
        ("score", "$ne", 2, False),
        ("score", "$ne", "2", True),
        ("unknown", "$ne", 2, True),
        ("unknown", "$ne", None, False),
        ("tags", "$ne", "a", False),
        ("score", "$lt", 2, False),
        ("score", "$lt", 2.5, True),
        ("score", "$lte", 2, True),
        ("score", "$lte", 1, False),
        ("score", "$gt", 2, False),
        ("score", "$gt", 1, True),
        ("score", "$gte", 2, True),
        ("score", "$gte", 3, False),
        ("username", "$gt", "hj", True),
        ("username", "$lt", "hj", False),
        # What cannot be compared is neither more nor less.
        *[("username", operator, 7, False) for operator in ("$lt", "$lte", "$gt", "$gte")],
        *[("unknown", operator, 7, False) for operator in ("$lt", "$lte", "$gt", "$gte")],
        *[("nothing", operator, None, False) for operator in ("$lt", "$lte", "$gt", "$gte")],
        ("tags", "$gt", 0, False),
        ("team", "$gt", {}, False),
        ("score", "$in", [1, 2], True),
        ("score", "$in", [], False),
        ("tags", "$in", ["z", "b"], True),
        ("unknown", "$in", [None], True),
        ("score", "$nin", [1, 2], False),
        ("score", "$nin", [], True),
        ("unknown", "$nin", [1], True),
        ("tags", "$all", ["b", "a"], True),
        ("tags", "$all", ["a", "z"], False),
        ("tags", "$all", [], True),
        ("score", "$all", [2], False),
        ("tags", "$size", 3, True),
        ("tags", "$size", 2, False),
        ("empty", "$size", 0, True),
        ("unknown", "$size", 0, False),
        ("team", "$size", 2, False),
        ("score", "$exists", True, True),
        ("score", "$exists", False, False),
        ("nothing", "$exists", True, True),
        ("unknown", "$exists", True, False),
        ("unknown", "$exists", False, True),
        ("team.name", "$exists", True, True),
        ("team.unknown", "$exists", False, True),
    ],
)
def test_an_operator_compares(key: str, operator: str, operand: object, found: bool) -> None:
    assert finds({key: {operator: operand}}) is found


@pytest.mark.parametrize(
    ("condition", "found"),
    [({"$gt": 1, "$lt": 3}, True), ({"$gt": 1, "$lt": 2}, False), ({"$ne": 3, "$in": [2]}, True)],
)
def test_operators_of_a_key_must_all_fit(condition: object, found: bool) -> None:
    assert finds({"score": condition}) is found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"$or": [{"score": 3}, {"username": "hjiang"}]}, True),
        ({"$or": [{"score": 3}, {"username": "x"}]}, False),
        ({"$or": []}, False),
        ({"$and": [{"score": 2}, {"username": "hjiang"}]}, True),
        ({"$and": [{"score": 2}, {"username": "x"}]}, False),
        ({"$and": []}, True),
        ({"$or": [{"score": {"$gt": 1}, "vip": True}], "name": "江"}, True),
        ({"$or": [{"score": 2}], "name": "x"}, False),
        ({"$and": [{"$or": [{"a": 1}, {"tags": "a"}]}, {"$or": [{"vip": True}]}]}, True),
    ],
)
def test_conditions_are_joined(where: object, found: bool) -> None:
    assert finds(where) is found


# --- Dates ------------------------------------------------------------------------------------

BORN = "2001-02-03T04:05:06.007Z"
BEFORE, AFTER = "2001-02-03T04:05:06.006Z", "2001-02-03T04:05:06.008Z"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (date(BORN), True),
        (date("2001-02-03T12:05:06.007+08:00"), True),
        (date(AFTER), False),
        ({"$gt": date(BEFORE)}, True),
        ({"$gt": date(BORN)}, False),
        ({"$gte": date(BORN)}, True),
        ({"$lt": date(AFTER)}, True),
        ({"$lt": date(BORN)}, False),
        ({"$in": [date(AFTER), date(BORN)]}, True),
        ({"$nin": [date(BORN)]}, False),
        ({"$ne": date(BORN)}, False),
        ({"$gt": BEFORE}, False),
    ],
)
def test_a_date_is_compared_as_a_time(condition: object, found: bool) -> None:
    assert finds({"born": condition}) is found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ({"createdAt": date(users.iso(NOW))}, True),
        ({"createdAt": {"$lte": date(users.iso(NOW))}}, True),
        ({"createdAt": {"$lt": date(users.iso(NOW))}}, False),
        ({"updatedAt": {"$gt": date(users.iso(NOW))}}, True),
        ({"updatedAt": {"$gt": date(users.iso(NOW + 1))}}, False),
    ],
)
def test_the_times_of_a_user_are_dates(where: object, found: bool) -> None:
    assert finds(where) is found


@pytest.mark.parametrize("value", [{"__type": "Date"}, date("yesterday"), date("0000-00-00")])
def test_what_a_user_keeps_as_a_date_and_is_none_breaks_no_query(value: object) -> None:
    user = replace(USER, attributes={"born": value, "days": [value, date(BORN)]})

    assert not queries.matches(user, {"born": {"$gt": date(BORN)}})
    assert queries.matches(user, {"born": {"$ne": date(BORN)}})
    assert queries.matches(user, {"days": date(BORN)})
    assert queries.ordered([user, USER], Query(order=["born"])) == [USER, user]


# --- Numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("186-1234-5678", True),
        ("18612345678", True),
        ("+8618612345678", True),
        ("+86 186 1234 5678", True),
        ("18612345679", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_a_number_is_found_however_it_is_written(number: str, found: bool) -> None:
    assert finds({"mobilePhoneNumber": number}) is found
    assert finds({"$or": [{"mobilePhoneNumber": number}]}) is found
    assert finds({"mobilePhoneNumber": {"$eq": number}}) is found
    assert finds({"mobilePhoneNumber": {"$ne": number}}) is not found
    assert finds({"mobilePhoneNumber": {"$in": ["1", number, 7]}}) is found
    assert finds({"mobilePhoneNumber": {"$nin": [number]}}) is not found


@pytest.mark.parametrize("where", ["18612345678", None, {"$exists": False}])
def test_who_has_no_number_is_found_by_none(where: object) -> None:
    user = replace(USER, phone=None, written_phone=None)

    assert queries.matches(user, {"mobilePhoneNumber": where}) is (where != "18612345678")


# --- Which user can be found at all -----------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "claim"),
    [
        ({"username": "a"}, "username#a"),
        ({"email": "a@b.c"}, "email#a@b.c"),
        ({"mobilePhoneNumber": "186-1234-5678"}, "phone#+8618612345678"),
        ({"mobilePhoneNumber": "nonsense"}, "phone#nonsense"),
        ({"email": "a@b.c", "username": "a"}, "username#a"),
        ({"username": {"$ne": "a"}}, None),
        ({"username": None}, None),
        ({"mobilePhoneNumber": 18_612_345_678}, None),
        ({"$or": [{"username": "a"}]}, None),
        ({}, None),
    ],
)
def test_a_query_may_name_the_only_user_by_a_claim(
    where: dict[str, Any], claim: str | None
) -> None:
    assert Query(where).claim == claim


@pytest.mark.parametrize(
    ("where", "object_id"), [({"objectId": "5f"}, "5f"), ({"objectId": {"$gt": "5f"}}, None)]
)
def test_a_query_may_name_the_only_user_by_its_id(
    where: dict[str, Any], object_id: str | None
) -> None:
    assert Query(where).object_id == object_id


@pytest.mark.parametrize(
    ("condition", "after"),
    [
        ({"$gt": "5f1e07"}, "5f1e0"),
        ({"$gte": "5f1e07"}, "5f1e0"),
        ({"$gt": "5a", "$gte": "5f"}, "5"),
        ({"$gt": "4a", "$gte": "5f"}, "5"),
        ({"$gt": 7}, ""),
        ({"$gt": ""}, ""),
        ({"$lt": "5f"}, ""),
        ("5f", ""),
        (None, ""),
    ],
)
def test_a_query_says_behind_which_id_its_users_are(condition: object, after: str) -> None:
    assert Query({"objectId": condition}).after == after


IDS = st.text("0123456789abcdef", min_size=1, max_size=6)


@given(IDS, IDS, st.sampled_from(["$gt", "$gte"]))
def test_nobody_who_matches_is_before_where_the_looking_begins(
    bound: str, object_id: str, operator: str
) -> None:
    query = Query({"objectId": {operator: bound}})

    if queries.matches(replace(USER, object_id=object_id), query.where):
        assert object_id > query.after


@given(IDS, IDS)
def test_an_id_finds_its_user_only(one: str, other: str) -> None:
    user = replace(USER, object_id=one)

    assert queries.matches(user, {"objectId": one})
    assert queries.matches(user, {"objectId": other}) is (one == other)
    assert queries.matches(user, {"objectId": {"$ne": other}}) is (one != other)
    assert queries.matches(user, {"objectId": {"$lt": other}}) is (one < other)
    assert queries.matches(user, {"objectId": {"$gte": other}}) is (one >= other)


# --- Order and fields -------------------------------------------------------------------------


def in_order(values: list[Any], order: str) -> list[Any]:
    """The values of users who have them as `x`, in that order; `...` is none."""
    found = [
        replace(USER, object_id=str(place), attributes={} if value is ... else {"x": value})
        for place, value in enumerate(values)
    ]
    query = queries.parse({"order": order})
    return [user.attributes.get("x", ...) for user in queries.ordered(found, query)]


@pytest.mark.parametrize(
    ("values", "order", "after"),
    [
        ([3, 1, 2], "x", [1, 2, 3]),
        ([3, 1, 2], "-x", [3, 2, 1]),
        ([3, 1, 2], "+x", [1, 2, 3]),
        ([3, 1.5, True], "x", [True, 1.5, 3]),
        (["b", "a", 3, ..., None], "x", [..., None, 3, "a", "b"]),
        (["b", "a", 3, ..., None], "-x", ["b", "a", 3, ..., None]),
        ([[2], {"a": 1}, 1], "x", [1, [2], {"a": 1}]),
        ([3, 1, 2], "", [3, 1, 2]),
        ([3, 1, 2], "unknown", [3, 1, 2]),
        (
            [date("2002-01-01T00:00:00Z"), date(BORN), ...],
            "x",
            [..., date(BORN), date("2002-01-01T00:00:00Z")],
        ),
    ],
)
def test_users_are_in_order_whatever_they_have(
    values: list[Any], order: str, after: list[Any]
) -> None:
    assert in_order(values, order) == after


def test_the_first_key_goes_before_the_second() -> None:
    found = [replace(USER, attributes={"a": a, "b": b}) for a in (1, 2) for b in (1, 2)]

    ordered = queries.ordered(found, queries.parse({"order": "-b, a"}))

    assert [(user.attributes["a"], user.attributes["b"]) for user in ordered] == [
        (1, 2),
        (2, 2),
        (1, 1),
        (2, 1),
    ]


@pytest.mark.parametrize(
    ("order", "by_id"),
    [("", True), ("objectId", True), ("createdAt,objectId", True), ("-createdAt", False)],
)
def test_some_orders_are_that_of_the_ids(order: str, by_id: bool) -> None:
    assert queries.parse({"order": order}).is_by_id is by_id


DOCUMENT = {"objectId": "i", "createdAt": "c", "updatedAt": "u", "a": 1, "b": {"x": 1}, "c": 3}


@pytest.mark.parametrize(
    ("keys", "shown"),
    [
        ("", "abc"),
        ("a", "a"),
        ("a, c", "ac"),
        ("b.x", "b"),
        ("-a", "bc"),
        ("-a,-b", "c"),
        ("a,-a", ""),
        ("unknown", ""),
        ("-unknown", "abc"),
        ("-objectId,-createdAt", "abc"),
    ],
)
def test_the_keys_that_were_asked_for_are_shown_and_who_it_is(keys: str, shown: str) -> None:
    projected = queries.project(DOCUMENT, queries.names(keys))

    assert set(projected) == {"objectId", "createdAt", "updatedAt", *shown}
    assert projected.items() <= DOCUMENT.items()


@pytest.mark.parametrize(("query", "has_acl"), [({}, False), ({"returnACL": "true"}, True)])
def test_an_acl_is_shown_where_it_is_asked_for(query: dict[str, str], has_acl: bool) -> None:
    user = replace(USER, attributes={"ACL": {}})

    assert ("ACL" in queries.shown(user, queries.parse(query))) is has_acl


# --- Parsing ----------------------------------------------------------------------------------


def test_a_query_without_anything_has_leanclouds_limit() -> None:
    assert queries.parse({}) == Query({}, limit=100, skip=0, order=[], keys=[])
    assert queries.parse({"where": "", "limit": "", "order": " , "}) == queries.parse({})


@pytest.mark.parametrize(
    ("query", "limit", "skip"),
    [
        ({"limit": "1", "skip": "2"}, 1, 2),
        ({"limit": "0"}, 0, 0),
        ({"limit": "1000"}, 1_000, 0),
        ({"limit": "1001"}, 1_000, 0),
        ({"limit": "9" * 5_000, "skip": "9" * 5_000}, 1_000, 10**9),
    ],
)
def test_a_page_has_a_thousand_users_at_most(query: dict[str, str], limit: int, skip: int) -> None:
    parsed = queries.parse(query)

    assert (parsed.limit, parsed.skip) == (limit, skip)


@pytest.mark.parametrize("name", ["limit", "skip"])
@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "１", "1e3", " 1", "٣"])
def test_a_page_is_a_number(name: str, value: str) -> None:
    with pytest.raises(BadParameter, match=name):
        queries.parse({name: value})


@pytest.mark.parametrize(
    ("count", "counts"), [("1", True), ("true", True), ("0", False), ("", False)]
)
def test_a_count_is_made_where_it_is_asked_for(count: str, counts: bool) -> None:
    assert queries.parse({"count": count}).counts is counts


@pytest.mark.parametrize("text", ["{", "[]", "1", "null", '"a"', "[" * 100_000, "9" * 5_000])
def test_a_where_is_an_object_of_json(text: str) -> None:
    with pytest.raises(BadParameter, match="where"):
        queries.condition(text)


def joined(levels: int) -> dict[str, Any]:
    where: dict[str, Any] = {"score": 2}
    for _ in range(levels):
        where = {"$and": [where]}
    return where


def test_conditions_are_nested_eight_levels_deep_at_most() -> None:
    assert finds(joined(8))
    with pytest.raises(BadParameter, match="too deep"):
        finds(joined(9))


@pytest.mark.parametrize(
    ("where", "named"),
    [
        ({"name": {"$regex": "a"}}, r"\$regex"),
        ({"name": {"$gt": "a", "$options": "i"}}, r"\$options"),
        ({"$relatedTo": {"key": "x"}}, r"\$relatedTo"),
        ({"$gt": 1}, r"\$gt"),
        ({"$not": {"score": 2}}, r"\$not"),
        ({"place": {"$nearSphere": {}}}, r"\$nearSphere"),
        ({"name": {"$inQuery": {}}}, r"\$inQuery"),
        ({"name": {"$": 1}}, r"\$"),
        ({"score": {"$or": [{"score": 2}]}}, r"\$or"),
        ({"name": {"x": 1, "$gt": 2}}, "x is not offered"),
        ({"name": {"$gt": 2, "x": 1}}, "x is not offered"),
        ({"name": {"$in": "a"}}, r"\$in of name needs a list"),
        ({"name": {"$nin": 7}}, r"\$nin of name needs a list"),
        ({"name": {"$all": None}}, r"\$all of name needs a list"),
        ({"born": {"__type": "Date", "iso": "yesterday"}}, "ISO 8601"),
        ({"born": {"$gt": {"__type": "Date"}}}, "ISO 8601"),
        ({"born": {"$nin": [{"__type": "Date", "iso": 7}]}}, "ISO 8601"),
        ({"$or": [{"name": {"$regex": "a"}}]}, r"\$regex"),
        ({"$or": {"score": 2}}, r"\$or must be a list"),
        ({"$and": [{}, 1]}, r"\$and must be a list"),
        ({"$or": None}, r"\$or must be a list"),
    ],
)
def test_what_is_not_offered_is_refused_by_its_name(where: object, named: str) -> None:
    with pytest.raises(BadParameter, match=named):
        queries.parse({"where": json.dumps(where)})


# --- Whatever is asked ------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["a", "hjiang", "18612345678", BORN, "Date", 10**400, "\ud800"])
)
VALUES = st.recursive(
    SCALARS | st.builds(date, st.sampled_from([BORN, "yesterday", ""])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["__type", "iso", "name", "$gt"]), inner, max_size=3)
    ),
    max_leaves=5,
)
OPERATORS = st.sampled_from(
    ["$eq", "$ne", "$lt", "$gte", "$in", "$nin", "$all", "$size", "$exists", "$regex", "$or", "x"]
)
KEYS = st.sampled_from([
    *("objectId", "username", "mobilePhoneNumber", "createdAt", "score", "tags", "team", "born"),
    *("team.name", "tags.0", "nothing", "unknown", "authData.weixin", "", ".", "$gt"),
])  # fmt: skip
CONDITIONS = VALUES | st.dictionaries(OPERATORS, VALUES | st.lists(VALUES, max_size=2), max_size=3)
WHERES = st.recursive(
    st.dictionaries(KEYS, CONDITIONS, max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or"]), st.lists(inner, max_size=3), min_size=1
    ),
    max_leaves=4,
)


@given(WHERES, st.lists(VALUES, min_size=1, max_size=3))
def test_whatever_is_asked_is_refused_or_answered_for_every_user(
    where: dict[str, Any], kept: list[Any]
) -> None:
    found = [replace(USER, attributes={**USER.attributes, "score": value}) for value in kept]
    try:
        query = queries.parse({"where": json.dumps(where), "order": "score,-born"})
    except BadParameter:
        return

    assert all(queries.matches(user, query.where) in (True, False) for user in found)
    assert len(queries.ordered(found, query)) == len(kept)
    assert isinstance(query.claim, str | None)
    assert isinstance(query.after + (query.object_id or ""), str)


@given(st.text(max_size=20) | st.text('[]{}"$:,1', max_size=12))
def test_a_text_is_a_condition_or_refused(text: str) -> None:
    try:
        where = queries.condition(text)
    except BadParameter:
        return
    assert queries.matches(USER, where) in (True, False)
