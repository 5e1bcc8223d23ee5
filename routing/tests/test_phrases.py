import time
from unicodedata import combining, normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from routing.phrases import _HIGH, _MARK, MAX_NESTING, compile_matcher, is_word, normalized


def found(text, *phrases):
    return compile_matcher({"list": dict.fromkeys(phrases, 1.0)})(text).get("list", ())


@pytest.mark.parametrize(
    ("text", "phrase", "is_found"),
    [
        pytest.param("a security audit now", "security audit", True, id="within a text"),
        pytest.param("SECURITY\nAudit", "security audit", True, id="case and line breaks"),
        pytest.param("security \t  audit", "security audit", True, id="white space"),
        pytest.param("ｓｅｃｕｒｉｔｙ audit", "security audit", True, id="width"),
        pytest.param("Straße", "STRASSE", True, id="folded"),
        pytest.param("cafe\u0301", "café", True, id="composed"),
        pytest.param("don’t", "don't", True, id="apostrophes"),
        pytest.param("insecurity audit", "security audit", False, id="the middle of a word"),
        pytest.param("security audits", "security audit", False, id="the start of a longer word"),
        pytest.param("security audits", "security audit*", True, id="a prefix"),
        pytest.param("unexploited", "exploit*", False, id="a prefix within a word"),
        pytest.param("(audit)", "audit", True, id="brackets"),
        pytest.param("audit_log", "audit", False, id="an underscore"),
        pytest.param("audit2", "audit", False, id="a digit"),
        pytest.param("naïve", "na", False, id="a letter beyond ASCII"),
        pytest.param("用Python写", "python", True, id="between scripts"),
        pytest.param("系统架构设计", "架构", True, id="a script without spaces"),
        pytest.param("ออกแบบสถาปัตยกรรม", "สถาปัตยกรรม", True, id="Thai"),
        pytest.param("<|fim_prefix|>def", "<|fim_prefix|>", True, id="signs need no boundary"),
        pytest.param("a c++ file", "c++", True, id="signs at an end"),
        pytest.param("\ud800 audit", "audit", True, id="half a surrogate pair"),
        pytest.param("", "audit", False, id="no text"),
    ],
)
def test_a_phrase_is_found_as_a_reader_would(text, phrase, is_found):
    assert found(text, phrase) == ((phrase,) if is_found else ())


def test_phrases_are_counted_once_and_by_list():
    match = compile_matcher({"one": {"audit": 1.0, "security audit": 1.0}, "two": {"audit": 0.5, "Audit*": 0.2}})

    hits = match("a security audit and an audit")

    assert {name: set(listed) for name, listed in hits.items()} == {
        "one": {"audit", "security audit"},
        "two": {"audit", "Audit*"},
    }


def test_an_exact_phrase_is_found_after_the_start_of_a_longer_word():
    match = compile_matcher({"list": {"audit": 1.0, "audit*": 1.0}})

    assert set(match("auditing")["list"]) == {"audit*"}
    assert set(match("auditing the audit")["list"]) == {"audit", "audit*"}


def test_no_phrases_match_nothing():
    assert compile_matcher({})("anything") == {}


@pytest.mark.parametrize("phrase", ["", "*", "  "])
def test_a_phrase_without_content_is_refused(phrase):
    with pytest.raises(ValueError, match="holds nothing"):
        compile_matcher({"list": {phrase: 1.0}})


def test_phrases_that_end_in_one_another_without_end_are_refused():
    phrases = {"a" * length: 1.0 for length in range(1, MAX_NESTING + 1)}

    assert compile_matcher({"list": phrases})("aa")
    with pytest.raises(ValueError, match="ends in"):
        compile_matcher({"list": {**phrases, "a" * (MAX_NESTING + 1): 1.0}})


def naive(text, phrases):
    """The same by definition, without an automaton."""
    text = normalized(text)
    hits = set()
    for phrase in phrases:
        literal = normalized(phrase.removesuffix("*")).strip()
        for start in range(len(text) - len(literal) + 1):
            end = start + len(literal)
            before = text[start - 1 : start]
            after = "" if phrase.endswith("*") else text[end : end + 1]
            is_whole_start = not (before and is_word(before) and is_word(literal[0]))
            is_whole_end = not (after and is_word(after) and is_word(literal[-1]))
            if text[start:end] == literal and is_whole_start and is_whole_end:
                hits.add(phrase)
    return hits


PIECES = st.text(alphabet="ab-_ *'é字กＡß\n", min_size=1, max_size=4)
USABLE = PIECES.filter(lambda phrase: normalized(phrase.removesuffix("*")).strip())


@given(st.lists(USABLE, min_size=1, max_size=6, unique=True), st.lists(PIECES, max_size=12))
@example(["ab"], ["b ", "ab"])
def test_the_automaton_finds_what_a_naive_search_finds(phrases, parts):
    text = "".join(parts)

    assert set(found(text, *phrases)) == naive(text, phrases)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a" + "\u0301\u0316" * 4_096, id="marks"),
        pytest.param("\u0f73" * 8_192, id="marks once decomposed"),
        pytest.param("\U0001d167\U0001d16d" * 4_096, id="marks beyond the first plane"),
        pytest.param("\ufdfa" * 8_192, id="ligatures"),
        pytest.param("hi" * 4_096, id="starts of words"),
        pytest.param("why " * 2_048, id="one word"),
    ],
)
def test_no_text_takes_long(text):
    match = compile_matcher({"list": dict.fromkeys(["hi", "why", "why why", "exploit*"], 1.0)})

    def once():
        started = time.thread_time()
        match(text)
        return time.thread_time() - started

    assert min(once() for _ in range(5)) < 0.03  # sorting the marks unbounded takes 0.04 to 0.15


def test_twice_the_text_takes_about_twice_the_time():
    match = compile_matcher({"list": dict.fromkeys(["audit", "security audit", "exploit*"], 1.0)})

    def seconds(text):
        times = []
        for _ in range(7):
            started = time.thread_time()
            match(text)
            times.append(time.thread_time() - started)
        return min(times)

    text = "plain words about an audited harbour " * 2_000

    assert seconds(text * 4) < 4 * seconds(text) * 2.5


def test_every_character_that_sorts_as_a_mark_is_bounded():
    marks = [chr(code) for code in range(0x300, 0x20000) if combining(normalize("NFKD", chr(code))[0])]

    assert [mark for mark in marks if not (_MARK.match(mark) or _HIGH.match(mark))] == []
