"""Whatever an admin enters, matching stays linear in the text."""

from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.phrases import compile_matcher
from routing.policies.validation import MOST_PHRASES

TEXT = 100_000
PIECES = st.sampled_from(
    ["a", "aa", "ab", "b", " ", "*", "é", "\u0301", "中", "İ", "ﷺ", "\u0345", "-", "a b", "1", "'"]
)
PHRASES = st.lists(st.lists(PIECES, min_size=1, max_size=40).map("".join), min_size=1, max_size=80, unique=True)


def matcher(phrases):
    """Of those that the admin accepts."""
    accepted = {}
    for phrase in phrases:
        try:
            compile_matcher({"list": accepted | {phrase: 1.0}})
        except ValueError:
            continue
        accepted[phrase] = 1.0
    return compile_matcher({"list": accepted})


def seconds(match, text):
    """The best of three: what else the machine does only adds to it."""
    taken = []
    for _ in range(3):
        started = process_time()
        match(text)
        taken.append(process_time() - started)
    return min(taken)


def grows_with_the_text(match, piece):
    text = piece * (TEXT // 4 // len(piece))

    once, four_times = seconds(match, text), seconds(match, text * 4)

    return four_times < max(16 * once, 0.5)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(PHRASES, st.lists(PIECES, min_size=1, max_size=12).map("".join))
def test_four_times_the_text_takes_about_four_times_the_time(phrases, piece):
    assert grows_with_the_text(matcher(phrases), piece)


@pytest.mark.parametrize(
    ("phrases", "piece"),
    [
        pytest.param(["a" * n for n in range(1, 9)], "a", id="each the end of the next"),
        pytest.param(["a" * 199 + "b"], "a", id="nearly found everywhere"),
        pytest.param([f"b{' a' * n}*" for n in range(1, 90)], "a ", id="many that begin alike"),
        pytest.param([f"{n:05} phrase" for n in range(MOST_PHRASES)], "00001 phrase ", id="as many as allowed"),
        pytest.param(["\u0301" * 200, "e\u0301*"], "\u0301", id="combining marks alone"),
        pytest.param(["صلى الله*", "allah"], "ﷺ", id="one character that stands for eighteen"),
    ],
)
def test_no_list_makes_the_time_grow_faster_than_the_text(phrases, piece):
    assert grows_with_the_text(compile_matcher({"list": dict.fromkeys(phrases, 1.0)}), piece)
