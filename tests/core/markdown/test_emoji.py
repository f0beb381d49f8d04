"""Which shortcodes are emoji."""

import pytest

from tests.core.markdown.written import outline


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (":rocket::tada: :rocket:", "🚀🎉 🚀"),
        (":100: :-1: :+1:", "💯 👎 👍"),
        (":thinking: :hugs: :melting_face: :saluting_face: :coin:", "🤔 🤗 🫠 🫡 🪙"),
        (":smiling_face_with_three_hearts: :hash:", "🥰 #️⃣"),
        (":us: :gb: :cn: :jp: :de:", "🇺🇸 🇬🇧 🇨🇳 🇯🇵 🇩🇪"),
        (":arrow_right: :hammer_and_wrench: :shield: :label:", "➡️ 🛠️ 🛡️ 🏷️"),
        (":building_construction: :arrow_up: :bangbang: :v: :m:", "🏗️ ⬆️ ‼️ ✌️ Ⓜ️"),
    ],
)
def test_a_shortcode_is_its_emoji(text, shown):
    assert outline(text) == [("paragraph", shown)]


@pytest.mark.parametrize(
    "text",
    ["std::heart::x", "10:100:30", "a[:-1:]", ":nobody_knows: ::", "http://x:100:", ":space:"],
)
def test_colons_of_another_kind_stay(text):
    assert outline(text) == [("paragraph", text)]
