"""Which addresses a page or a message may link to.

Notion answers 400 for the whole page when one link is relative or of a scheme it does not know,
and counts a URL in 2,000 characters (its request-limits page), so only http(s) is ever linked.
"""

import re
from urllib.parse import SplitResult, quote, urlsplit

MAX_URL = 2000

# What may stand in a URL as it is; everything else is percent-encoded.
_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
# What nearly all addresses look like: no port, no name, nothing to encode.
# `\w` would be slower, for it is no mere set of characters.
_PLAIN = re.compile(r"https?://[A-Za-z0-9.-]++(?:[/?#][A-Za-z0-9_%/:?#\[\]@!$&'()*+,;=.~-]*+)?")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
# Addresses that say nothing to a reader, or that nobody should follow.
_USELESS = re.compile(r"\s*(?:#|(?:javascript|vbscript|data|about|blob):)", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+(?P<top>[a-z]{2,24})(?=[/:?#]|$)", re.IGNORECASE)
_SCHEMED = re.compile(r"https?://[^\s/?#]+", re.IGNORECASE)
# Endings of file names that are top-level domains too: `README.md` is not an address.
_FILE_ENDINGS = re.compile(
    "md|py|rs|sh|tsx?|jsx?|go|cc|pl|so|ps|st|mm?|hs|tf|zip|json|toml|ya?ml|txt|html?|css|xml|csv|"
    "lock|cfg|ini|java|kt|swift|rb|php|sql|vue",
    re.IGNORECASE,
)


def web_address(address: str) -> str:
    """`address` as an absolute http(s) URL of at most 2,000 characters, or empty."""
    address = address.strip()
    if len(address) <= MAX_URL and _PLAIN.fullmatch(address):
        return address
    if address.startswith("//"):
        address = "https:" + address
    elif address[:4].lower() == "www.":
        address = "http://" + address  # as GitHub does: gfm spec, section 6.9
    scheme, mark, rest = address.partition("://")
    if not mark or scheme.lower() not in ("http", "https"):
        return ""
    address = f"{scheme.lower()}://{rest}"
    parts = _split(address)
    if parts is None:
        return ""
    encoded = address if _is_clean(address) else _encode(parts)
    return encoded if len(encoded) <= MAX_URL else ""


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # an unbalanced bracket, a port that is no number
        return None
    return parts if valid and re.fullmatch(r"[^\s<>\"\\^`{|}%]+", parts.netloc) else None


def _is_clean(address: str) -> bool:
    return address.isascii() and not re.search(r"[\s<>\"\\^`{|}\x00-\x20\x7f]", address)


def _encode(parts: SplitResult) -> str:
    try:
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    except UnicodeError:
        return ""
    return parts._replace(
        netloc=host,
        path=quote(parts.path, safe=_SAFE),
        query=quote(parts.query, safe=_SAFE),
        fragment=quote(parts.fragment, safe=_SAFE),
    ).geturl()


def spoken_address(address: str) -> str:
    """What to write in parentheses for an address that cannot be linked, or empty.

    An anchor, a script or embedded data is of no use to the reader; a file, a mail address or a
    telephone number is.
    """
    address = address.strip()
    if not address or _USELESS.match(address):
        return ""
    scheme = _SCHEME.match(address)
    if scheme and scheme.group().lower() in ("mailto:", "tel:"):
        return address[scheme.end() :].split("?")[0]
    return address


def host_of(address: str) -> str:
    """The host of an address without `www.`, lower-case; empty when there is none."""
    try:
        host = urlsplit(address if "//" in address else "//" + address).hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.")


def is_misleading(text: str, address: str) -> bool:
    """Whether `text` reads like an address of another host than `address` leads to."""
    shown = _SCHEMED.search(text)
    if shown:
        return host_of(shown.group()) != host_of(address)
    bare = _DOMAIN.match(text.strip())
    if not bare or " " in text.strip():
        return False
    if _FILE_ENDINGS.fullmatch(bare.group("top")) and not text.lower().startswith("www."):
        return False
    return host_of(bare.group()) != host_of(address)
