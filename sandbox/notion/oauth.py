"""The consent page with its page picker, and the token endpoints.

https://developers.notion.com/reference/create-a-token
"""

import base64
import binascii
import hmac
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web

from sandbox.notion.calls import STORE, read_body
from sandbox.notion.grants import Grant, Grants, refused
from sandbox.notion.ids import ROOT_PAGE_ID, new_id
from sandbox.notion.records import Record

GRANTS: web.AppKey[Grants] = web.AppKey("grants", Grants)
GRANT = web.RequestKey("grant", Grant)
"""Of a request: the consent whose token came with it."""

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Connect with Notion</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"></head>
<body>
<main>
<h1>Select pages</h1>
<p>A page of the local stand-in for Notion. The integration wants to read, insert and update content
in the pages you pick, and in those under them.</p>
<form method="post">
{hidden}
{pages}
<p><button name="answer" value="allow">Allow access</button>
<button name="answer" value="cancel">Cancel</button></p>
</form>
</main>
</body>
</html>
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


async def authorize(request: web.Request) -> web.Response:
    """The page picker. A wrong client or address gets no redirect: it would lead anywhere."""
    _check(request.app[GRANTS], dict(request.query))
    names = ("client_id", "redirect_uri", "state", "response_type", "owner")
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(request.query.get(name, ""))}">\n'
        for name in names
    )
    # Who allows access and picks nothing has connected nothing: so the first is ticked.
    pages = "".join(
        f'<p><label><input type="checkbox" name="page" value="{record.id}"'
        f"{'' if number else ' checked'}> {escape(record.title or 'Untitled')}</label></p>\n"
        for number, record in enumerate(_pickable(request))
    )
    text = _PAGE.format(hidden=hidden, pages=pages)
    return web.Response(text=text, content_type="text/html", headers=_HEADERS)


async def decide(request: web.Request) -> web.Response:
    """The person's answer, and the way back."""
    form = await request.post()
    given = {name: str(value) for name, value in form.items()}
    grants = request.app[GRANTS]
    _check(grants, given)
    state = {"state": given["state"]} if given.get("state") else {}
    if given.get("answer") != "allow":
        return _back(given["redirect_uri"], {"error": "access_denied", **state})
    known = {record.id for record in _pickable(request)}
    picked = [str(one) for one in form.getall("page", []) if str(one) in known]
    code = grants.agree(picked, given["redirect_uri"])
    return _back(given["redirect_uri"], {"code": code, **state})


async def token(request: web.Request) -> web.Response:
    """Trades a code, or a refresh token."""
    grants = request.app[GRANTS]
    _check_client(request, grants)
    body = await read_body(request)
    kind = body.get("grant_type")
    if kind == "authorization_code":
        _only(body, "grant_type", "code", "redirect_uri", "external_account")
        redirect = body.get("redirect_uri")
        where = redirect if isinstance(redirect, str) else None
        grant = grants.exchange(_word(body, "code"), where)
    elif kind == "refresh_token":
        _only(body, "grant_type", "refresh_token")
        grant = grants.refresh(_word(body, "refresh_token"))
    else:
        raise refused("unsupported_grant_type", "Unsupported grant type.")
    return web.json_response(grants.answer(grant))


async def revoke(request: web.Request) -> web.Response:
    _check_client(request, request.app[GRANTS])
    body = await read_body(request)
    _only(body, "token")
    request.app[GRANTS].revoke(_word(body, "token"))
    return web.json_response({"request_id": new_id()})


async def introspect(request: web.Request) -> web.Response:
    _check_client(request, request.app[GRANTS])
    body = await read_body(request)
    _only(body, "token")
    told = request.app[GRANTS].introspect(_word(body, "token"))
    return web.json_response({**told, "request_id": new_id()})


ROUTES = (
    web.get("/v1/oauth/authorize", authorize),
    web.post("/v1/oauth/authorize", decide),
    web.post("/v1/oauth/token", token),
    web.post("/v1/oauth/revoke", revoke),
    web.post("/v1/oauth/introspect", introspect),
)


def _pickable(request: web.Request) -> list[Record]:
    """The root page and what stands on it at the top."""
    store = request.app[STORE]
    return [
        record
        for record in store.titled()
        if record.kind == "page" and record.parent.id in (None, ROOT_PAGE_ID)
    ]


def _check(grants: Grants, given: dict[str, str]) -> None:
    if given.get("client_id") != grants.client_id:
        raise refused("invalid_request", "Missing or invalid client_id.")
    uri = given.get("redirect_uri", "")
    if not uri or (grants.redirect_uris and uri not in grants.redirect_uris):
        raise refused("invalid_request", "Missing or invalid redirect_uri.")
    if given.get("response_type") != "code":
        raise refused("invalid_request", "response_type should be `code`.")
    if given.get("owner") != "user":
        raise refused("invalid_request", "owner should be `user`.")


def _check_client(request: web.Request, grants: Grants) -> None:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    try:
        client = base64.b64decode(given, validate=True)
    except binascii.Error:
        client = b""
    known = f"{grants.client_id}:{grants.client_secret}".encode()
    if scheme.lower() != "basic" or not hmac.compare_digest(client, known):
        raise refused("invalid_client", "Client authentication failed.", 401)


def _only(body: dict[str, object], *names: str) -> None:
    if unknown := sorted(set(body) - set(names)):
        raise refused("invalid_request", f"Unknown fields: {', '.join(unknown)}.")


def _word(body: dict[str, object], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise refused("invalid_request", f"{name} should be a string.")
    return value


def _back(uri: str, query: dict[str, str]) -> web.Response:
    parts = urlsplit(uri)
    joined = "&".join(filter(None, (parts.query, urlencode(query))))
    where = urlunsplit((parts.scheme, parts.netloc, parts.path, joined, ""))
    return web.Response(status=302, headers={"Location": where})
