"""Raw HTML inside Markdown: what GitHub would show of it.

Tags that style or structure are carried out, comments and scripts dropped, and a tag that no
browser knows, `List<String>`, is text. HTML is never an error.
"""

import html
import re
from collections.abc import Callable, Iterator

from core.markdown.builder import Builder, code_block
from core.markdown.document import Item, Quote, Rule, Style, Table, Toggle

# Possessive: attributes are long, and no part of them can be read in two ways.
_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9-]*+)((?:\s(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)?+)/?>"
)
_TOKEN = re.compile(rf"([^<]++)|{_TAG.pattern}|<")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_PRE_LANGUAGE = re.compile(r"(?:language|lang|highlight-source)-([\w+#.-]+)|lang=[\"']?([\w+#.-]+)")

STYLES = {
    **dict.fromkeys(("b", "strong"), Style.BOLD),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), Style.ITALIC),
    **dict.fromkeys(("s", "strike", "del"), Style.STRIKE),
    **dict.fromkeys(("u", "ins"), Style.UNDERLINE),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), Style.CODE),
    "mark": Style.HIGHLIGHT,
    "spoiler": Style.SPOILER,  # ours, for what a chat hides
}
INVISIBLE = frozenset((
    "span", "font", "small", "big", "abbr", "label", "time", "q", "nobr", "wbr",
    "picture", "source", "track", "data", "bdi", "bdo", "ruby", "rt", "rp", "map", "area",
    "object", "param", "button", "input", "select", "option", "textarea", "slot", "canvas",
    "progress", "meter",
))  # fmt: skip
BLOCKS = frozenset((
    "p", "div", "center", "section", "article", "header", "footer", "main", "nav", "aside",
    "figure", "figcaption", "address", "form", "dl", "dt", "dd", "html", "head", "body", "link",
    "meta", "base", "title", "fieldset", "legend", "menu", "hgroup", "noscript", "thead", "tbody",
    "tfoot", "caption", "colgroup", "col",
))  # fmt: skip
_BLANKS = re.compile(r"\s+")
_MEDIA = frozenset({"video", "audio", "iframe", "embed"})
UNSEEN = "!"
RAW = ("script", "style", "pre", "template", "svg")


# Its name, whether it closes, its attributes, its source; see `tokens`.
Token = tuple[str, bool, str, str]


def feed(builder: Builder, source: str) -> None:
    """Hand an HTML block, or one inline tag, to the builder."""
    for name, closing, attributes, text in tokens(source):
        if name == UNSEEN:
            builder.leave_out()
        elif not name:
            builder.text(shown(text))
        elif name in RAW:
            if name == "pre" and not closing:
                _write_preformatted(builder, attributes, text)
        else:
            _apply(builder, name, closing, attributes, text)


def shown(text: str) -> str:
    """Text between tags: entities read, white space folded."""
    return " " if text.isspace() else _BLANKS.sub(" ", html.unescape(text))


def tokens(source: str) -> Iterator[Token]:
    """(tag name, is closing, attributes, source) for tags; name empty for text.

    Of an element whose content is raw, the content takes the place of the source. Comments,
    declarations and instructions are `UNSEEN`; one that never ends takes the rest with it.
    """
    position = 0
    while found := _TOKEN.match(source, position):
        position = found.end()
        text, slash, name, attributes = found.groups()
        if text:
            yield "", False, "", text
        elif name is None:  # `<`
            skipped = _skip(source, found.start())
            yield (UNSEEN, False, "", "") if skipped else ("", False, "", "<")
            position = skipped or position
        else:
            name, text = name.lower(), found.group()
            if name in RAW and not slash:
                close = re.compile(f"</{name}\\s*>", re.IGNORECASE).search(source, position)
                text = source[position : close.start() if close else len(source)]
                position = close.end() if close else len(source)
            yield name, slash != "", attributes, text


def _skip(source: str, start: int) -> int:
    """Where the comment, declaration or instruction at `start` ends; 0 when there is none."""
    if source[start + 1 : start + 2] not in ("!", "?"):
        return 0
    for opening, closing in (
        ("<!--", "-->"),
        ("<![CDATA[", "]]>"),
        ("<?", "?>"),
        ("<!doctype", ">"),
    ):
        if source[start : start + len(opening)].lower() == opening.lower():
            end = source.find(closing, start + len(opening))
            return end + len(closing) if end >= 0 else len(source)
    return 0


def attributes_of(source: str) -> dict[str, str]:
    if not source:
        return {}
    return {
        name.lower(): html.unescape(quoted or single or bare)
        for name, quoted, single, bare in _ATTRIBUTE.findall(source)
    }


def _write_preformatted(builder: Builder, attributes: str, content: str) -> None:
    inner = re.match(r"\s*<code([^>]*)>", content)
    language = _PRE_LANGUAGE.search(attributes + (inner.group(1) if inner else ""))
    text = html.unescape(_TAG.sub("", content)).strip("\n")
    name = (language.group(1) or language.group(2)) if language else ""
    builder.add(code_block(name, text))


def _apply(builder: Builder, name: str, closing: bool, attributes: str, source: str) -> None:
    if name in STYLES:
        if closing:
            builder.close_look(name)
        else:
            builder.open_look(name, STYLES[name])
    elif name in BLOCKS:
        builder.flush()
    elif name in INVISIBLE:
        return
    elif name in HANDLERS:
        HANDLERS[name](builder, name, closing, attributes_of(attributes))
    else:
        builder.text(source)


def _line(builder: Builder, _name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if not closing:
        builder.line_break(hard=True)


def _rule(builder: Builder, _name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if not closing:
        builder.add(Rule())


def _image(builder: Builder, _name: str, closing: bool, attributes: dict[str, str]) -> None:
    address = attributes.get("src", "")
    if not closing and (address or attributes.get("alt")):
        builder.picture(address, attributes.get("alt") or attributes.get("title", ""))


def _anchor(builder: Builder, name: str, closing: bool, attributes: dict[str, str]) -> None:
    if closing:
        builder.close_look(name)
    elif "href" in attributes:
        builder.open_look(name, address=attributes["href"])


def _script(builder: Builder, name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.close_look(name)
    else:
        builder.open_look(name, script=name)


def _heading(builder: Builder, name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.flush()
    else:
        builder.open_heading(int(name[1]))


def _container(builder: Builder, name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.close_html(name)
    elif name == "li":
        if builder.is_in("li"):  # </li> may be left out
            builder.close_html("li")
        builder.open(name, Item(builder.next_number()), from_html=True)
    else:
        builder.open(name, Toggle() if name == "details" else Quote(), from_html=True)


def _list(builder: Builder, name: str, closing: bool, attributes: dict[str, str]) -> None:
    if closing:
        builder.close_html(name)
    else:
        start = attributes.get("start", "1")
        first = int(start) if re.fullmatch(r"\d{1,9}", start) else 1
        builder.open_list(name, first if name == "ol" else None)


def _summary(builder: Builder, _name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.title_toggle()
    else:
        builder.flush()


def _table(builder: Builder, _name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.close_table()
    else:
        builder.open_table(Table([], has_header=False))


def _row(builder: Builder, _name: str, _closing: bool, _attributes: dict[str, str]) -> None:
    builder.close_row()


def _cell(builder: Builder, name: str, closing: bool, _attributes: dict[str, str]) -> None:
    if closing:
        builder.close_cell()
    else:
        builder.open_cell(is_heading=name == "th")


def _media(builder: Builder, _name: str, closing: bool, attributes: dict[str, str]) -> None:
    address = attributes.get("src", "")
    if address and not closing:
        builder.open_look("media", address=address)
        builder.text(address)
        builder.close_look("media")


HANDLERS: dict[str, Callable[[Builder, str, bool, dict[str, str]], None]] = {
    "br": _line,
    "hr": _rule,
    "img": _image,
    "a": _anchor,
    "sub": _script,
    "sup": _script,
    "summary": _summary,
    "table": _table,
    "tr": _row,
    "td": _cell,
    "th": _cell,
    **dict.fromkeys(("li", "blockquote", "details"), _container),
    **dict.fromkeys(("ul", "ol"), _list),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    **dict.fromkeys(_MEDIA, _media),
}
