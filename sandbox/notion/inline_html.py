"""Rich text as HTML. Every text is escaped; only http, https and mailto become links."""

from html import escape
from typing import Any

from sandbox.notion.ids import page_slug
from sandbox.notion.store import PageStore

# The last is what was uploaded here.
_SAFE_SCHEMES = ("http://", "https://", "mailto:", "files/")
_ICON_COLORS = ("brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_TAGS = (("code", "code"), ("bold", "strong"), ("italic", "em"), ("strikethrough", "s"))


def inline(store: PageStore, items: list[dict[str, Any]]) -> str:
    return "".join(_item(store, item) for item in items)


def link(url: str, label: str, classes: str = "") -> str:
    """`label` is HTML already. An address that is not safe to follow stays a text."""
    if not url.lower().startswith(_SAFE_SCHEMES):
        return label
    named = f' class="{classes}"' if classes else ""
    return f'<a{named} href="{escape(url)}" rel="noopener noreferrer nofollow">{label}</a>'


def _item(store: PageStore, item: dict[str, Any]) -> str:
    marks = item["annotations"]
    if item["type"] == "mention":
        text = _mention(store, item)
    elif item["type"] == "equation":
        text = f'<span class="math">{escape(item["equation"]["expression"])}</span>'
    else:
        text = escape(item["text"]["content"])
    for name, tag in _TAGS:
        if marks[name]:
            text = f"<{tag}>{text}</{tag}>"
    if marks["underline"]:
        text = f"<u>{text}</u>"
    if marks["color"] != "default":
        text = f'<span class="{color_class(marks["color"])}">{text}</span>'
    if item["type"] == "text" and item["href"]:
        text = link(item["href"], text)
    return text


def color_class(color: str) -> str:
    """A class for one of Notion's colours; the store holds no other."""
    return "" if color == "default" else f"color-{color.replace('_', '-')}"


def _mention(store: PageStore, item: dict[str, Any]) -> str:
    mention = item["mention"]
    kind = mention["type"]
    if kind in ("page", "database"):
        target = store.get(mention[kind]["id"])
        if target is None:
            return '<span class="mention">No access</span>'
        title = target.title or "Untitled"
        icon = page_icon(target.body.get("icon"))
        address = escape(page_slug(title, target.id))
        return f'<a class="mention page" href="{address}">{icon}<span>{escape(title)}</span></a>'
    return f'<span class="mention">{escape(item["plain_text"])}</span>'


def page_icon(icon: dict[str, Any] | None, default: str = "document") -> str:
    """A page's icon; where it has none, the drawn sign that `default` names, if any."""
    if icon and icon["type"] == "emoji":
        return f'<span class="icon">{escape(icon["emoji"])}</span>'
    if icon and icon["type"] == "external":
        return f'<img class="icon" src="{escape(icon["external"]["url"])}" alt="">'
    if icon and icon["type"] == "icon":
        return f'<span class="icon sign {icon_color(icon)}"></span>'
    return f'<span class="icon sign {default}"></span>' if default else ""


def icon_color(icon: dict[str, Any]) -> str:
    color = icon["icon"]["color"]
    return f"document color-{color}" if color in _ICON_COLORS else "document"
