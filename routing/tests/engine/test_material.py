import pytest

from routing.engine.asks import Ask
from routing.engine.material import GAP, MAX_PATHS, intent_of


def intent(text, tail="", introductions=lambda words: ["translate"] if "translate" in words.lower() else []):
    return intent_of(Ask(text, tail, len(text) + len(tail), True), introductions)


def words(text, tail=""):
    return intent(text, tail).text.replace(GAP, " ").split()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("explain it", "explain it", id="plain"),
        pytest.param("explain\n```python\nsecurity audit\n```\nplease", "explain please", id="fenced"),
        pytest.param("explain ```security audit", "explain", id="a fence that does not close"),
        pytest.param('explain "security audit" now', "explain now", id="double quotes"),
        pytest.param("explain 'security audit' now", "explain now", id="single quotes"),
        pytest.param("explain 'don't audit' now", "explain now", id="an apostrophe within quotes"),
        pytest.param("explain `security audit` now", "explain now", id="inline code"),
        pytest.param("explain “security audit” now", "explain now", id="curly quotes"),
        pytest.param("explain «security audit» now", "explain now", id="guillemets"),
        pytest.param("explain „security audit“ now", "explain now", id="low quotes"),
        pytest.param("the users' audit isn't the team's", "the users' audit isn't the team's", id="apostrophes"),
        pytest.param('a 5" audit', 'a 5" audit', id="one quote alone"),
        pytest.param("read docs/security/audit.md now", "read now", id="a path"),
        pytest.param("read docs/security/audit now", "read now", id="a path without ending"),
        pytest.param("read ./audit now", "read now", id="a relative path"),
        pytest.param("input/output and/or audit", "input/output and/or audit", id="slashes of prose"),
        pytest.param("a <b>bold</b> audit", "a <b>bold</b> audit", id="markup"),
        pytest.param("use Node.js 20.1 e.g. foo.bar()", "use Node.js 20.1 e.g. foo.bar()", id="dots of prose"),
        pytest.param("see models.py.", "see .", id="a file at the end of a sentence"),
        pytest.param("Translate: security audit", "Translate", id="introduced"),
        pytest.param("Audit: security", "Audit: security", id="a colon that introduces nothing"),
        pytest.param("translate a:b audit", "translate a:b audit", id="a colon within a word"),
    ],
)
def test_what_is_wanted_stands_apart_from_its_material(text, left):
    assert words(text) == left.split()


@pytest.mark.parametrize(
    ("head", "tail", "left"),
    [
        pytest.param("explain ```audit", "audit``` please", "explain please", id="cut within a fence"),
        pytest.param("explain", "more ```audit``` please", "explain more please", id="cut outside"),
    ],
)
def test_a_fence_goes_on_over_the_cut(head, tail, left):
    assert words(head, tail) == left.split()


@pytest.mark.parametrize(
    ("text", "files"),
    [
        pytest.param("move a.py and a.py to b.py", 2, id="distinct"),
        pytest.param("`src/a.ts`, 'src/b.ts' and ~/c.JSON", 3, id="quoted"),
        pytest.param("delete all .pyc and .py files", 0, id="endings"),
        pytest.param("console.log('x') and Vue.js", 0, id="calls and names"),
        pytest.param("```\na.py b.py\n```", 0, id="fenced"),
        pytest.param("a.py/" * 3, 1, id="a path through files"),
        pytest.param(" ".join(f"f{number}.py" for number in range(150)), MAX_PATHS, id="more than are counted"),
    ],
)
def test_the_files_that_an_ask_names_are_counted(text, files):
    assert intent(text).files == files


def test_files_in_what_follows_a_colon_are_material():
    found = intent("Translate these names: models.py, views.py")

    assert (found.files, found.material_files, found.has_material) == (0, 2, True)


@pytest.mark.parametrize(
    ("text", "has_material"),
    [
        pytest.param("explain ```x```", True, id="code"),
        pytest.param(f"explain '{'long ' * 10}'", True, id="a long quote"),
        pytest.param("rename `a` to `b`", False, id="names"),
        pytest.param("translate: x", True, id="introduced"),
    ],
)
def test_material_is_something_to_work_on(text, has_material):
    assert intent(text).has_material is has_material


def test_code_blocks_paths_and_traces_are_noted():
    found = intent("see /srv/app/a.py\n```\nTraceback (most recent call last):\n```\n```x```")

    assert (found.code_blocks, found.has_path, found.has_trace) == (2, True, True)
    assert not intent("see it").has_path
    assert intent("x", "\n    at foo").has_trace
