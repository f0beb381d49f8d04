"""What REST and the gateway refuse, and in which words."""

import aiohttp
import pytest

from sandbox.traffic import Answer

COMMAND = {"name": "notion", "description": "Notion pages", "type": 1}


async def code(awaitable) -> tuple[int, int]:
    status, body, _ = await awaitable
    return status, body["code"]


async def test_answers_are_exactly_json_and_carry_limits(server, api):
    status, _, headers = await api("GET", "/users/@me")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert await code(api("GET", "/nowhere")) == (404, 0)
    _, _, headers = await api("GET", f"/channels/{server.general.id}")
    assert headers["X-RateLimit-Remaining"] == "9999"


async def test_a_wrong_token_is_unauthorised(server, api):
    wrong = {"Authorization": "Bot wrong"}
    assert await code(api("GET", "/users/@me", headers=wrong)) == (401, 0)
    assert await code(api("GET", f"/channels/{server.general.id}", headers=wrong)) == (401, 0)


async def test_what_is_unknown_or_hidden_has_its_code(server, api):
    hidden = server.world.add_channel(server.guild, "hidden", readable=False)
    path = f"/channels/{server.general.id}/messages"
    assert await code(api("GET", "/channels/1")) == (404, 10003)
    assert await code(api("GET", f"/channels/{hidden.id}")) == (403, 50001)
    assert await code(api("GET", f"{path}/1")) == (404, 10008)
    assert await code(api("GET", "/guilds/1")) == (404, 10004)
    assert await code(api("POST", path, json={})) == (400, 50006)
    message = await server.write("mine")
    edit = api("PATCH", f"{path}/{message.id}", json={"content": "x"})
    assert await code(edit) == (403, 50005)
    react = api("PUT", f"{path}/{message.id}/reactions/nonsense/@me")
    assert await code(react) == (404, 10014)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"content": "a" * 2001}, "content"),
        ({"content": "a", "components": [{"type": 2}]}, "components"),
        ({"content": "a", "components": [{"type": 1, "components": []}]}, "components"),
        ({"content": "a", "flags": 1 << 15, "components": []}, "content"),
        (
            {"flags": 1 << 15, "components": [{"type": 10, "content": "a" * 4001}]},
            "components",
        ),
        ({"content": "a", "embeds": [{"description": "d" * 4097}]}, "embeds"),
        ({"content": "a", "nonce": "n" * 26}, "nonce"),
    ],
)
async def test_messages_discord_does_not_take_are_refused(server, api, body, where):
    status, answer, _ = await api("POST", f"/channels/{server.general.id}/messages", json=body)
    assert (status, answer["code"]) == (400, 50035)
    assert list(answer["errors"]) == [where]


@pytest.mark.parametrize(
    ("command", "where"),
    [
        (COMMAND | {"name": "Notion"}, "name"),
        (COMMAND | {"description": ""}, "description"),
        (COMMAND | {"description": "d" * 101}, "description"),
        (COMMAND | {"options": [COMMAND | {"type": 3}] * 26}, "options"),
        (COMMAND | {"options": [COMMAND | {"type": 99}]}, "options"),
        (
            COMMAND
            | {
                "options": [
                    {"name": "a", "description": "a", "type": 3},
                    {"name": "b", "description": "b", "type": 3, "required": True},
                ]
            },
            "options",
        ),
        ({"name": "Save", "type": 3, "description": "no"}, "description"),
    ],
)
async def test_commands_discord_does_not_take_are_refused(server, api, command, where):
    path = f"/applications/{server.world.application_id}/commands"
    status, answer, _ = await api("PUT", path, json=[command])
    assert (status, answer["code"]) == (400, 50035)
    assert list(answer["errors"]["0"]) == [where]


async def test_commands_are_overwritten_and_keep_their_ids(server, api):
    path = f"/applications/{server.world.application_id}/commands"
    _, [first], _ = await api("PUT", path, json=[COMMAND])
    _, [second], _ = await api("PUT", path, json=[COMMAND | {"description": "other"}])
    assert first["id"] == second["id"]
    guild = f"/applications/{server.world.application_id}/guilds/{server.guild.id}/commands"
    await api("PUT", guild, json=[COMMAND])
    _, [listed], _ = await api("GET", guild)
    assert listed["guild_id"] == server.guild.id
    with pytest.raises(LookupError):
        await server.slash_command("missing")


async def test_a_token_is_no_good_before_the_callback_nor_after_15_minutes(server, api):
    path = f"/applications/{server.world.application_id}/commands"
    await api("PUT", path, json=[COMMAND])
    asked = await server.slash_command()
    hook = f"/webhooks/{server.world.application_id}/{asked.token}"
    assert await code(api("POST", hook, json={"content": "early"})) == (404, 10015)
    callback = f"/interactions/{asked.id}/{asked.token}/callback"
    status, _, _ = await api("POST", callback, json={"type": 5, "data": {"flags": 64}})
    assert status == 204
    assert await code(api("POST", callback, json={"type": 5})) == (400, 40060)
    _, body, _ = await api("POST", hook, json={"content": "fills the deferred one"})
    assert (body["id"], body["flags"]) == (asked.original.id, 64)
    assert await code(api("PATCH", f"{hook}/messages/@original", json={"content": "a" * 2001})) == (
        400,
        50035,
    )
    server.interactions.token_seconds = -1
    late = api("PATCH", f"{hook}/messages/@original", json={"content": "late"})
    assert await code(late) == (401, 50027)


async def test_faults_of_a_callback_lie_below_data(server, api):
    await api("PUT", f"/applications/{server.world.application_id}/commands", json=[COMMAND])
    asked = await server.slash_command()
    callback = f"/interactions/{asked.id}/{asked.token}/callback"
    body = {"type": 4, "data": {"content": "a" * 2001}}
    _, answer, _ = await api("POST", callback, json=body)
    assert list(answer["errors"]["data"]) == ["content"]
    assert asked.callback is None


async def test_messages_are_listed_before_after_and_around(server, api):
    sent = [await server.write(str(number)) for number in range(7)]
    path = f"/channels/{server.general.id}/messages"

    async def listed(query: str) -> str:
        _, found, _ = await api("GET", f"{path}?{query}")
        return "".join(one["content"] for one in found)

    assert await listed("limit=3") == "654"
    assert await listed(f"limit=2&before={sent[3].id}") == "21"
    assert await listed(f"limit=2&after={sent[3].id}") == "54"
    assert await listed(f"limit=3&around={sent[3].id}") == "432"
    assert await code(api("GET", f"{path}?limit=101")) == (400, 50035)


async def test_too_many_calls_are_answered_with_429(server, api):
    server.limits.routes["GET /channels/{channel_id}"] = (1, 60.0)
    path = f"/channels/{server.general.id}"
    await api("GET", path)
    status, body, headers = await api("GET", path)
    assert (status, body["global"]) == (429, False)
    assert 0 < body["retry_after"] <= 60
    assert headers["Retry-After"] == "60"
    server.limits.everything = (1, 60.0)
    await api("GET", "/gateway")
    _, body, _ = await api("GET", "/gateway")
    assert body["global"] is True


async def test_a_ping_of_everyone_is_told_from_a_harmless_one(server, api):
    path = f"/channels/{server.general.id}/messages"
    await api("POST", path, json={"content": "@everyone"})
    await api("POST", path, json={"content": "@everyone", "allowed_mentions": {"parse": []}})
    assert [one.pings_everyone for one in server.answers()] == [True, False]


async def test_a_hook_may_answer_in_discords_place(server, api):
    async def fail(_call) -> Answer:
        return Answer({"message": "down", "code": 0}, 503)

    server.hooks.before.append(fail)
    assert await code(api("GET", f"/channels/{server.general.id}")) == (503, 0)


async def test_signing_in_gives_a_token_for_the_person(server):
    server.sign_in.client = ("id", "secret")
    form = {"client_id": "id", "client_secret": "secret", "grant_type": "authorization_code"}
    async with aiohttp.ClientSession() as session:
        page = f"{server.url}/oauth2/authorize?redirect_uri=http://app/cb&state=s1"
        async with session.get(page, allow_redirects=False) as answer:
            assert (answer.status, await answer.text()) == (400, "Unknown Application")
        page += "&client_id=id&response_type=code&scope=identify"
        async with session.get(page, allow_redirects=False) as answer:
            location = answer.headers["Location"]
        assert "&state=s1" in location
        form["redirect_uri"] = "http://app/cb"
        form["code"] = location.split("code=")[1].split("&")[0]
        async with session.post(server.api_url + "/oauth2/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        async with session.post(server.api_url + "/oauth2/token", data=form) as answer:
            assert (await answer.json())["error"] == "invalid_grant"
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(server.api_url + "/users/@me", headers=headers) as answer:
            assert (await answer.json())["id"] == server.user.id


async def test_the_gateway_closes_on_a_wrong_token_and_on_intents_it_does_not_grant(server):
    async def closed(data: dict) -> int | None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(server.gateway_url) as socket,
        ):
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json({"op": 2, "d": data})
            message = await socket.receive()
            assert message.type is aiohttp.WSMsgType.CLOSE
            return message.data

    assert await closed({"token": "wrong", "intents": 0}) == 4004
    server.gateway.privileged = 0
    assert await closed({"token": "bot-token", "intents": 1 << 15}) == 4014


async def test_without_the_intent_only_mentions_show_their_content(server):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.gateway_url) as socket,
    ):
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": {"token": "bot-token", "intents": 1 << 9}})
        assert (await socket.receive_json())["t"] == "READY"
        await socket.send_json({"op": 1, "d": 1})
        assert (await socket.receive_json())["op"] == 11
        await server.write("secret")
        await server.write(f"<@{server.world.bot.id}> hi")
        shown = [(await socket.receive_json())["d"]["content"] for _ in range(2)]
    assert shown == ["", f"<@{server.world.bot.id}> hi"]


async def test_an_invalidated_session_cannot_be_resumed(server):
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(server.gateway_url) as socket:
            await socket.receive_json()
            await socket.send_json({"op": 2, "d": {"token": "bot-token", "intents": 0}})
            ready = (await socket.receive_json())["d"]
            await server.gateway.invalidate()
            assert await socket.receive_json() == {"op": 9, "d": False, "s": None, "t": None}
        async with session.ws_connect(ready["resume_gateway_url"]) as socket:
            await socket.receive_json()
            resume = {"token": "bot-token", "session_id": ready["session_id"], "seq": 1}
            await socket.send_json({"op": 6, "d": resume})
            assert (await socket.receive_json())["op"] == 9
