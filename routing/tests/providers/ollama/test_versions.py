import pytest

from routing.providers.ollama.versions import counts_whole, version_of


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("0.1.48", False),
        ("0.2.0", True),
        ("0.29.9", True),
        ("0.30.0-rc2", False),
        ("0.30.0", False),
        ("0.30.1-rc0", True),
        ("v0.33.3", True),
        ("0.300.0", True),
        ("1.0.0", True),
        ("0.0.0", False),
        ("", False),
        ("latest", False),
        (None, False),
        (3, False),
    ],
)
def test_the_versions_whose_counts_hold_all_of_a_prompt_are_known(text, is_whole):
    assert counts_whole(version_of(text)) is is_whole
