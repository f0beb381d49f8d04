"""Replies, threads, and what the stand-in shows of a message to an app that may not read it."""

from sandbox.discord.world import PRIVATE_THREAD, Message
from tests.sandbox.discord.test_rest import code


def ids(message: Message) -> str:
    return f"/channels/{message.channel_id}/messages/{message.id}"


async def test_a_reply_holds_the_message_it_answers_and_calls_its_author(server, api):
    first = await server.write("first")
    reply = await server.write("second", reply_to=first)
    _, shown, _ = await api("GET", ids(reply))
    assert shown["type"] == 19
    assert shown["message_reference"]["message_id"] == first.id
    assert shown["referenced_message"]["content"] == "first"
    assert [user["id"] for user in shown["mentions"]] == [server.user.id]
    first.deleted = True
    _, shown, _ = await api("GET", ids(reply))
    assert shown["referenced_message"] is None


async def test_the_bots_reply_calls_nobody_unless_it_says_so(server, api):
    first = await server.write("first")
    path = f"/channels/{server.general.id}/messages"
    body = {"content": "x", "message_reference": {"message_id": first.id}}
    quiet = body | {"allowed_mentions": {"parse": [], "replied_user": False}}
    _, shown, _ = await api("POST", path, json=quiet)
    assert shown["mentions"] == []
    _, shown, _ = await api("POST", path, json=body)
    assert [user["id"] for user in shown["mentions"]] == [server.user.id]


async def test_a_reply_to_what_is_gone_is_refused_unless_that_is_allowed(server, api):
    path = f"/channels/{server.general.id}/messages"
    body = {"content": "x", "message_reference": {"message_id": "1"}}
    assert await code(api("POST", path, json=body)) == (400, 50035)
    body["message_reference"]["fail_if_not_exists"] = False
    status, shown, _ = await api("POST", path, json=body)
    assert (status, shown["type"]) == (200, 0)


async def test_without_the_history_nothing_is_read_replied_to_or_reacted_to(server, api):
    message = await server.write("hello")
    server.general.history = False
    path = f"/channels/{server.general.id}/messages"
    body = {"content": "x", "message_reference": {"message_id": message.id}}
    assert await code(api("GET", path)) == (403, 50001)
    assert await code(api("GET", ids(message))) == (403, 50001)
    assert await code(api("POST", path, json=body)) == (400, 160002)
    assert await code(api("PUT", f"{ids(message)}/reactions/%F0%9F%91%80/@me")) == (403, 50001)
    status, _, _ = await api("POST", path, json={"content": "x"})
    assert status == 200


async def test_a_thread_has_the_id_of_the_message_it_begins_with(server, api):
    message = await server.write("the start")
    thread = await server.start_thread(message, "aside")
    await server.write("inside", thread)
    _, shown, _ = await api("GET", ids(message))
    assert shown["thread"]["id"] == thread.id == message.id
    assert shown["flags"] & 1 << 5
    _, inside, _ = await api("GET", f"/channels/{thread.id}/messages")
    assert [(one["type"], one["content"]) for one in inside] == [(0, "inside"), (21, "")]
    assert inside[1]["referenced_message"]["content"] == "the start"
    assert await code(api("GET", f"/channels/{thread.id}/messages/{message.id}")) == (404, 10008)


async def test_members_of_servers_and_of_threads_are_told(server, api):
    stranger = server.world.add_user("mallory")
    thread = server.world.add_channel(
        server.guild, "secret", kind=PRIVATE_THREAD, parent=server.general
    )
    thread.people.append(server.user.id)
    members = f"/guilds/{server.guild.id}/members"
    _, member, _ = await api("GET", f"{members}/{server.user.id}")
    assert member["user"]["id"] == server.user.id
    assert await code(api("GET", f"{members}/{stranger.id}")) == (404, 10007)
    inside = f"/channels/{thread.id}/thread-members"
    _, member, _ = await api("GET", f"{inside}/{server.user.id}")
    assert member["user_id"] == server.user.id
    assert await code(api("GET", f"{inside}/{stranger.id}")) == (404, 10007)


async def test_where_the_portal_allows_no_content_only_what_is_meant_for_the_app_is_read(
    server, api
):
    bot = server.world.bot.id
    secret = await server.write("secret")
    called = await server.write(f"<@{bot}> hello", reply_to=secret)
    private = await server.write("in private", server.world.open_dm(server.user.id))
    server.gateway.privileged = 0
    _, application, _ = await api("GET", "/applications/@me")
    assert application["flags"] & (1 << 18 | 1 << 19) == 0
    _, shown, _ = await api("GET", ids(secret))
    assert shown["content"] == ""
    _, shown, _ = await api("GET", ids(called))
    assert shown["content"] == f"<@{bot}> hello"
    assert shown["referenced_message"]["content"] == ""
    _, shown, _ = await api("GET", ids(private))
    assert shown["content"] == "in private"


async def test_what_happens_where_the_bot_may_not_look_is_not_told(server, bot):
    hidden = server.world.add_channel(server.guild, "hidden", readable=False)
    await server.write("secret", hidden)
    await server.write("hello")
    await server.wait_for(lambda: bot.heard)
    assert bot.heard == ["hello"]
