import pytest

from smartgateway.local.dotenv import BrokenDotEnvError, prepare


@pytest.fixture(autouse=True)
def environment_without_secrets(monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("AUDIT_CHAIN_KEY", raising=False)


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".env"


def values(path):
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if line[:1] not in ("", "#"))


def test_a_missing_file_is_made_with_secrets_for_its_owner_only(path):
    added = prepare(path)

    assert added == ["SECRET_KEY", "AUDIT_CHAIN_KEY"]
    assert all(len(value) >= 50 for value in values(path).values())
    assert values(path)["SECRET_KEY"] != values(path)["AUDIT_CHAIN_KEY"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_the_file_has_is_never_overwritten(path):
    path.write_text("# mine\nSECRET_KEY=chosen\n\nPORT=9000\n")

    added = prepare(path)

    assert added == ["AUDIT_CHAIN_KEY"]
    assert path.read_text().startswith("# mine\nSECRET_KEY=chosen\n\nPORT=9000\nAUDIT_CHAIN_KEY=")


def test_a_complete_file_is_not_touched(path):
    path.write_text("SECRET_KEY=chosen\nAUDIT_CHAIN_KEY=chosen too\n")
    before = path.stat()

    assert prepare(path) == []
    assert path.stat() == before


def test_empty_secrets_of_a_copied_example_are_filled(path):
    path.write_text("SECRET_KEY=\n# HOST=127.0.0.1\nAUDIT_CHAIN_KEY=\n")

    prepare(path)

    assert set(values(path)) == {"SECRET_KEY", "AUDIT_CHAIN_KEY"}
    assert all(values(path).values())
    assert path.read_text().count("SECRET_KEY=") == 1


def test_secrets_of_the_environment_are_not_written(path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "from outside")
    monkeypatch.setenv("AUDIT_CHAIN_KEY", "from outside")

    assert prepare(path) == []
    assert not path.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("PORT=1\nANTHROPIC_API_KEY: sk-ant-1\n", ".env, line 2 is neither", id="colon"),
        pytest.param("just words", ".env, line 1 is neither", id="words"),
        pytest.param("export PORT 8000", ".env, line 1 is neither", id="no equals sign"),
    ],
)
def test_a_broken_line_is_one_sentence_that_names_it_and_shows_no_secret(path, text, sentence):
    path.write_text(text)

    with pytest.raises(BrokenDotEnvError, match=sentence) as caught:
        prepare(path)

    assert "sk-ant" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert path.read_text() == text


def test_a_file_that_is_no_text_is_one_sentence(path):
    path.write_bytes(b"SECRET_KEY=\xff\xfe")

    with pytest.raises(BrokenDotEnvError, match=r"^\.env cannot be read as text"):
        prepare(path)
