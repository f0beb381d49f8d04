"""Emoji shortcodes: `:rocket:` is 🚀. Names that nobody knows stay as they are."""

import re
import unicodedata

from rich.emoji import Emoji

# One, or several side by side, but not the middle of `std::vector::x`.
_SHORTCODES = re.compile(r"(?<![\w:/])(?::[a-z0-9+_-]+:)+(?![\w:/])")
_NAME = re.compile(":([a-z0-9+_-]+):")
# Drawn in one colour, as text, unless this follows; which ones: Unicode's emoji-data.txt.
_AS_EMOJI = "\ufe0f"
_TEXT_BY_DEFAULT = frozenset(
    "©®‼⁉™ℹ↔↕↖↗↘↙↩↪⌨⏏⏭⏮⏯⏱⏲⏸⏹⏺Ⓜ▪▫▶◀◻◼☀☁☂☃☄☎☑☘☝☠☢☣☦☪☮☯☸☹☺♀♂♟♠♣♥♦♨♻♾⚒⚔⚕⚖⚗⚙⚛⚜⚠⚧"
    "⚰⚱⛈⛏⛑⛓⛩⛰⛱⛴⛷⛸⛹✂✈✉✌✍✏✒✔✖✝✡✳✴❄❇❣❤➡⤴⤵⬅⬆⬇〰〽㊗㊙🅰🅱🅾🅿🈂🈷🌡🌤🌥🌦🌧🌨🌩🌪🌫🌬🌶🍽🎖🎗🎙🎚🎛🎞🎟🏋🏌🏍🏎🏔"
    "🏕🏖🏗🏘🏙🏚🏛🏜🏝🏞🏟🏳🏵🏷🐿👁📽🕉🕊🕯🕰🕳🕴🕵🕶🕷🕸🕹🖇🖊🖋🖌🖍🖐🖥🖨🖱🖲🖼🗂🗃🗄🗑🗒🗓🗜🗝🗞🗡🗣🗨🗯🗳🗺🛋🛍🛎🛏🛠🛡🛢🛣🛤🛥🛩🛰🛳"
)
# GitHub's names that rich does not know, and that are not the character's own name either.
_GITHUB: dict[str, str] = dict(
    re.findall(
        r"(\w+) (\S+)",
        """rofl 🤣 upside_down_face 🙃 smiling_face_with_three_hearts 🥰 star_struck 🤩
    money_mouth_face 🤑 hugs 🤗 hand_over_mouth 🤭 thinking 🤔 zipper_mouth_face 🤐
    raised_eyebrow 🤨 face_in_clouds 😶‍🌫️ roll_eyes 🙄 face_exhaling 😮‍💨 shaking_face 🫨
    face_with_head_bandage 🤕 vomiting_face 🤮 face_with_spiral_eyes 😵‍💫 monocle_face 🧐 pout 😡
    cursing_face 🤬 heart_on_fire ❤️‍🔥 mending_heart ❤️‍🩹 pink_heart 🩷 light_blue_heart 🩵
    grey_heart 🩶 love_you_gesture 🤟 metal 🤘 fu 🖕 fist_raised ✊ fist_oncoming 👊 fist_left 🤛
    fist_right 🤜 facepalm 🤦 health_worker 🧑‍⚕️ student 🧑‍🎓 teacher 🧑‍🏫 judge 🧑‍⚖️ farmer 🧑‍🌾
    cook 🧑‍🍳 mechanic 🧑‍🔧 office_worker 🧑‍💼 scientist 🧑‍🔬 technologist 🧑‍💻 singer 🧑‍🎤
    artist 🧑‍🎨 pilot 🧑‍✈️ astronaut 🧑‍🚀 firefighter 🧑‍🚒 sleeping_bed 🛌 climbing 🧗
    lotus_position 🧘 juggling_person 🤹 weight_lifting 🏋️ black_cat 🐈‍⬛ lion 🦁 moose 🫎
    donkey 🫏 unicorn 🦄 polar_bear 🐻‍❄️ wing 🪽 black_bird 🐦‍⬛ goose 🪿 jellyfish 🪼 orange 🍊
    mandarin 🍊 ginger_root 🫚 pea_pod 🫛 cheese 🧀 hotdog 🌭 fried_egg 🍳 milk_glass 🥛
    champagne 🍾 plate_with_cutlery 🍽️ beach_umbrella 🏖️ bricks 🧱 flight_departure 🛫
    flight_arrival 🛬 artificial_satellite 🛰️ open_umbrella ☂️ medal_military 🎖️
    medal_sports 🏅 yo_yo 🪀 shopping 🛍️ rescue_worker_helmet ⛑️ maracas 🪇 flute 🪈
    film_strip 🎞️ camera_flash 📸 newspaper_roll 🗞️ ballot_box 🗳️ paperclips 🖇️ x_ray 🩻
    wireless 🛜 fleur_de_lis ⚜️ hash #️⃣ asterisk *️⃣ hong_kong 🇭🇰 us 🇺🇸 gb 🇬🇧 uk 🇬🇧 eu 🇪🇺
    cn 🇨🇳 jp 🇯🇵 de 🇩🇪 fr 🇫🇷 es 🇪🇸 it 🇮🇹 ru 🇷🇺 kr 🇰🇷 tr 🇹🇷""",
    )
)


def with_emoji(text: str) -> str:
    """`text` with its known shortcodes replaced."""
    if text.count(":") < 2:
        return text
    return _SHORTCODES.sub(_replace_all, text)


def _replace_all(match: re.Match[str]) -> str:
    if match.string[match.start() - 1 : match.start()] == "[" and not re.search("[a-z]", match[0]):
        return match[0]  # `[:-1:]` is a slice
    return _NAME.sub(lambda name: _emoji(name[1]) or name[0], match[0])


def _emoji(name: str) -> str:
    """The emoji of this name, empty when there is none."""
    if name in _GITHUB:
        return _GITHUB[name]
    shortcode = f":{name}:"
    emoji = Emoji.replace(shortcode)
    if emoji == shortcode:
        emoji = _by_character_name(name.replace("_", " "))
    return emoji + _AS_EMOJI if emoji in _TEXT_BY_DEFAULT else emoji


def _by_character_name(name: str) -> str:
    try:
        emoji = unicodedata.lookup(name)
    except KeyError:
        return ""
    return emoji if "\U0001f300" <= emoji <= "\U0001faff" else ""
