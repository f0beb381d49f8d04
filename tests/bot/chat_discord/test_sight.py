from typing import Any

import pytest

from bot.discord.sight import permissions

VIEW, HISTORY, ADMIN = 1 << 10, 1 << 16, 1 << 3
GUILD: dict[str, Any] = {
    "id": "g",
    "owner_id": "owner",
    "roles": [
        {"id": "g", "permissions": str(VIEW | HISTORY)},
        {"id": "crew", "permissions": "0"},
        {"id": "admin", "permissions": str(ADMIN)},
    ],
}


def overwrite(about: str, allow: int = 0, deny: int = 0) -> dict[str, Any]:
    return {"id": about, "type": 0, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("user", "roles", "overwrites", "seen"),
    [
        ("ada", [], [], True),
        ("ada", [], [overwrite("g", deny=VIEW)], False),
        ("ada", ["crew"], [overwrite("g", deny=VIEW), overwrite("crew", allow=VIEW)], True),
        ("ada", [], [overwrite("g", deny=VIEW), overwrite("crew", allow=VIEW)], False),
        ("ada", ["crew"], [overwrite("crew", deny=VIEW), overwrite("ada", allow=VIEW)], True),
        ("ada", ["crew"], [overwrite("crew", allow=VIEW), overwrite("ada", deny=VIEW)], False),
        ("ada", ["admin"], [overwrite("g", deny=VIEW)], True),
        ("owner", [], [overwrite("g", deny=VIEW)], True),
    ],
)
def test_who_sees_a_channel(
    user: str, roles: list[str], overwrites: list[dict[str, Any]], seen: bool
) -> None:
    channel = {"permission_overwrites": overwrites}
    granted = permissions(GUILD, {"roles": roles}, user, channel)
    assert bool(granted & VIEW) is seen
