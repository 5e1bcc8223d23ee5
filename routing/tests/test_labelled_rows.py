import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.engine.types import Tier
from routing.evaluation import UnreadableRowError, judged, report, rows_in
from routing.evaluation.rows import row_of
from routing.tests.engine.given import TOOL, shipped, surroundings

HELLO = {"messages": [{"role": "user", "content": "hello"}], "label_tier": "local"}
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "user", "local", "opus", "x", "1e400", "text", "tool_use"])
)
NAMES = st.sampled_from(["role", "content", "type", "text", "tool_calls", "function", "input", "local", "opus", "name"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
MEMBERS = ["messages", "tools", "label_tier", "source", "outcomes", "good_threshold", "cost_usd", "none_good"]
NEARLY = st.builds(
    lambda message, tools, changes: {
        **HELLO,
        "messages": [{"role": "user", "content": "hello"}, {"role": "assistant", **message}],
        "tools": tools,
        **changes,
    },
    st.dictionaries(NAMES.filter(lambda name: name != "role"), ANYTHING),
    st.none() | st.lists(st.dictionaries(NAMES, ANYTHING), max_size=2),
    st.dictionaries(st.sampled_from(MEMBERS[2:]), ANYTHING, max_size=2),
)


@given(st.lists(NEARLY | st.dictionaries(st.sampled_from(MEMBERS), ANYTHING) | ANYTHING, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_line_there_is_a_result_or_a_refusal(lines):
    text = "\n".join(map(json.dumps, lines))

    told = ""
    try:
        found = [judged(row, shipped(), surroundings(), lambda tier: None, 100) for _, row in rows_in(text)]
    except UnreadableRowError as refused:
        told = str(refused)

    if told:
        assert " is " in told
        assert len(told) < 300
    else:
        assert report(found)["groups"]["all"]["rows"] == len(lines)


@given(st.text(max_size=50))
def test_whatever_a_text_says_its_lines_are_read_or_refused(text):
    told = ""
    try:
        rows = list(rows_in(text))
    except UnreadableRowError as refused:
        told = str(refused)

    if told:
        assert told.startswith("line ")
    else:
        assert len(rows) == sum(bool(line.strip()) for line in text.replace("\r", "\n").split("\n"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"messages": [7]}, "messages[0] is 7: it must be an object with role and content"),
        ({"messages": [{"content": "hello"}]}, "messages[0].role is null: it must be one of system"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content is 7: it must be a text or a list"),
        ({"tools": {"name": "read"}}, "tools is an object: it must be a list of objects"),
        ({"tools": [TOOL, "read"]}, 'tools[1] is "read": it must be an object'),
        ({"label_tier": ["local"]}, "label_tier is a list: it must be local, sonnet or opus"),
        ({"none_good": "false"}, 'none_good is "false": it must be true or false'),
        ({"source": 7}, "source is 7: it must be a text"),
        ({"outcomes": 7}, "outcomes is 7: it must be an object with a number for local, sonnet or opus"),
        ({"outcomes": {"mega": 1}}, 'a name in outcomes is "mega": it must be local, sonnet or opus'),
        ({"outcomes": {"local": 1.5}}, "outcomes.local is 1.5: it must be a number from 0 to 1"),
        ({"outcomes": {"local": True}}, "outcomes.local is true: it must be a number"),
        ({"good_threshold": "a" * 100}, f'good_threshold is "{"a" * 39}…: it must be a number from 0 to 1'),
        ({"cost_usd": {"opus": -3}}, "cost_usd.opus is -3: it must be a number from 0 to 1,000,000"),
        ({"cost_usd": {"opus": "3"}}, 'cost_usd.opus is "3": it must be a number from 0 to 1,000,000'),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:30],
)
def test_what_is_wrong_is_said_with_its_member_and_what_it_should_be(changes, reason):
    with pytest.raises(UnreadableRowError) as refused:
        row_of({**HELLO, **changes})

    assert str(refused.value).startswith(reason)


def test_a_number_beyond_all_numbers_is_refused_with_its_line():
    with pytest.raises(UnreadableRowError, match=r"line 3: .*out of range"):
        list(rows_in('{}\n\n{"cost_usd": {"local": 1e400}}'))


def test_a_line_may_hold_what_some_take_for_the_end_of_one():
    text = json.dumps({**HELLO, "source": "a\u2028b\x85c"}, ensure_ascii=False)

    assert [number for number, _ in rows_in(f"\ufeff{text}\r\n\r\n{text}\n")] == [1, 3]


def test_what_is_not_known_may_be_left_out_or_null():
    row = row_of({**HELLO, "tools": None, "outcomes": {"opus": None, "local": 1}, "cost_usd": None, "source": None})

    assert (row.outcomes, row.costs, row.good_from, row.source) == ({Tier.LOCAL: 1.0}, {}, None, "no source")
    assert row_of({"messages": HELLO["messages"], "none_good": True}).label is None
