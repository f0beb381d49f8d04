"""Files that people share."""

import aiohttp

from sandbox.slack.files import Shared


async def test_a_file_is_downloaded_with_the_token_and_not_without(slack, client):
    message = slack.write("see", files=[Shared("a.txt", "text/plain", b"abc")])
    shown = await client.conversations_history(channel=message.channel)
    [file] = shown["messages"][0]["files"]
    assert (file["name"], file["size"]) == ("a.txt", 3)
    async with aiohttp.ClientSession() as session:
        async with session.get(file["url_private"]) as answer:
            assert answer.content_type == "text/html"
        headers = {"Authorization": "Bearer xoxb-sandbox"}
        async with session.get(file["url_private"], headers=headers) as answer:
            assert await answer.read() == b"abc"
