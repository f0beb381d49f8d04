"""Users and comments."""

from typing import Any

from aiohttp import web

from sandbox.notion.calls import PRESENTER, STORE, Paging, find, find_editable, path_id, read_body
from sandbox.notion.checks import only_keys, read_id, read_object, read_text
from sandbox.notion.errors import MISSING, not_found, should_be
from sandbox.notion.ids import new_id
from sandbox.notion.oauth import GRANT
from sandbox.notion.present import listing
from sandbox.notion.records import Parent
from sandbox.notion.rich_text import read_rich_text, text_item
from sandbox.notion.store import PageStore
from sandbox.notion.users import BOT_USER, USERS


async def get_me(request: web.Request) -> web.Response:
    """The bot; a public integration's is another one for each consent."""
    grant = request.get(GRANT)
    if grant is None:
        return web.json_response(BOT_USER)
    bot = BOT_USER["bot"] | {"owner": grant.owner}
    return web.json_response(BOT_USER | {"id": grant.bot_id, "bot": bot})


async def get_users(request: web.Request) -> web.Response:
    paging = Paging.from_query(request)
    ids = [user["id"] for user in USERS]
    first = ids.index(paging.start) if paging.start in ids else 0
    end = first + paging.size
    following = ids[end] if end < len(ids) else None
    return web.json_response(listing("user", list(USERS[first:end]), following))


async def get_user(request: web.Request) -> web.Response:
    user_id = path_id(request, "user_id")
    for user in USERS:
        if user["id"] == user_id:
            return web.json_response(user)
    raise not_found("user", user_id)


async def create_comment(request: web.Request) -> web.Response:
    store = request.app[STORE]
    body = await read_body(request)
    only_keys(body, "body", ("parent", "discussion_id", "rich_text", "markdown"))
    parent, discussion_id = _read_place(store, body)
    content = {"discussion_id": discussion_id, "rich_text": _read_words(body)}
    comment = store.add_comment(parent, content)
    return web.json_response(request.app[PRESENTER].comment(comment))


async def get_comments(request: web.Request) -> web.Response:
    store = request.app[STORE]
    block_id = read_id(request.query.get("block_id", MISSING), "query.block_id")
    holder = find(store, block_id, "block", "page")
    comments = store.comments(holder.id)
    return Paging.from_query(request).answer("comment", comments, request.app[PRESENTER].comment)


async def get_comment(request: web.Request) -> web.Response:
    """https://developers.notion.com/reference/retrieve-comment"""
    comment = find(request.app[STORE], path_id(request, "comment_id"), "comment")
    return web.json_response(request.app[PRESENTER].comment(comment))


def _read_place(store: PageStore, body: dict[str, Any]) -> tuple[Parent, str]:
    """Where the comment stands and in which discussion: a new one, or the one that is named."""
    if "discussion_id" in body:
        discussion_id = read_id(body["discussion_id"], "body.discussion_id")
        first = store.comment_in(discussion_id)
        if first is None:
            raise not_found("discussion", discussion_id)
        return first.parent, discussion_id
    parent = read_object(body.get("parent", MISSING), "body.parent")
    if "block_id" in parent:
        block_id = read_id(parent["block_id"], "body.parent.block_id")
        return Parent("block_id", find_editable(store, block_id, "block").id), new_id()
    page_id = read_id(parent.get("page_id", MISSING), "body.parent.page_id")
    return Parent("page_id", find_editable(store, page_id, "page").id), new_id()


def _read_words(body: dict[str, Any]) -> list[dict[str, Any]]:
    if "markdown" not in body:
        return read_rich_text(body.get("rich_text", MISSING), "body.rich_text")
    if "rich_text" in body:
        raise should_be("body.rich_text", "not present", body["rich_text"])
    return [text_item(read_text(body["markdown"], "body.markdown", 2000))]
