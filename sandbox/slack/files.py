"""Files that people share: an object in the message, and a download that wants the bot's token."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.slack.web_api import WebApi
from sandbox.slack.workspace import User


@dataclass(frozen=True)
class Shared:
    """One file and what is in it."""

    name: str
    mimetype: str
    content: bytes


class Files:
    """All files by id."""

    def __init__(self, web_api: WebApi, bot_token: str) -> None:
        self.web_api = web_api
        self.space = web_api.space
        self.bot_token = bot_token
        self._shared: dict[str, Shared] = {}

    def share(self, user: User, file: Shared) -> dict[str, Any]:
        """The file object to put into a message's `files`."""
        file_id = self.space.next_id("F")
        self._shared[file_id] = file
        address = f"{self.space.base_url}/files/{file_id}/{quote(file.name)}"
        return {
            "id": file_id,
            "created": int(self.space.clock()),
            "timestamp": int(self.space.clock()),
            "name": file.name,
            "title": file.name,
            "mimetype": file.mimetype,
            "filetype": file.name.rpartition(".")[2],
            "user": user.id,
            "size": len(file.content),
            "mode": "hosted",
            "is_external": False,
            "is_public": True,
            "url_private": address,
            "url_private_download": address,
            "permalink": f"https://{self.space.team_domain}.slack.com/files/{user.id}/{file_id}",
        }

    async def download(self, request: web.Request) -> web.Response:
        """The content; without token or scope Slack shows its sign-in page, with status 200."""
        file = self._shared.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404)
        scopes = self.web_api.scopes
        allowed = scopes is None or "files:read" in scopes
        if not allowed or request.headers.get("Authorization") != f"Bearer {self.bot_token}":
            return web.Response(
                text="<!DOCTYPE html><title>Sign in</title>", content_type="text/html"
            )
        return web.Response(body=file.content, headers={"Content-Type": file.mimetype})
