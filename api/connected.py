"""What this server is connected to, as admins see it: over HTTP and on a page."""

from __future__ import annotations

from api.keys import Core
from api.parts import slack_is_set
from api.server_models import (
    Connections,
    NotionConnection,
    ProviderConnection,
    SlackConnection,
    Switched,
    Workspace,
)


async def connected(core: Core) -> Connections:
    """Platforms, Notion, mail and providers, as they are set."""
    settings = core.settings
    async with core.database.read() as unit:
        rows = await unit.installations.all("slack")
    workspaces = [
        Workspace(
            workspace=row.workspace,
            organisation=row.enterprise,
            name=row.name,
            installed_by=row.installed_by,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
    return Connections(
        slack=SlackConnection(on=slack_is_set(settings), workspaces=workspaces),
        discord=Switched(on=settings.discord_token is not None),
        notion=NotionConnection(
            on=settings.notion_token is not None, parent=settings.notion_parent
        ),
        mail=Switched(on=core.accounts.post.is_open),
        providers=[
            ProviderConnection(name=name, model=each.model) for name, each in core.providers.items()
        ],
    )
