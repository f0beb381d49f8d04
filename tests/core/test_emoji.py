import pytest

from core.emoji import emoji_of


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("🐛", "🐛"),
        (":bug:", "🐛"),
        ("👍🏽", "👍"),
        (":+1::skin-tone-4:", "👍"),
        ("⚠️", "⚠"),
        (":warning:", "⚠"),
        ("1️⃣", "1⃣"),
        ("🇩🇪", "🇩🇪"),
        ("👩‍💻", "👩‍💻"),
        ("⚡", "⚡"),
        (":Party-Cat:", ":party-cat:"),
        ("<:bug2:123456>", "123456"),
        ("<a:dance:42>", "42"),
    ],
)
def test_an_emoji_has_one_spelling_however_it_is_typed(typed: str, key: str) -> None:
    found = emoji_of(typed)
    assert found is not None
    assert found[0] == key


@pytest.mark.parametrize("typed", ["", "Bugs", "🐛🐛", "🚀 Launch", "→", "#", "a:b", "x" * 200])
def test_what_is_no_single_emoji_is_none(typed: str) -> None:
    assert emoji_of(typed) is None
