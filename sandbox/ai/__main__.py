"""The stand-in as a process of its own: `python -m sandbox.ai --port 8090`."""

from __future__ import annotations

import asyncio

import click

from sandbox.ai.server import AiServer


@click.command()
@click.option("--port", default=8090, show_default=True, help="0 takes any free one.")
@click.option("--key", default="sandbox-ai-key", show_default=True, help="The key it accepts.")
@click.option("--first-token-delay", default=0.0, help="Seconds before the first token.")
@click.option("--token-delay", default=0.0, help="Seconds between tokens.")
def main(port: int, key: str, first_token_delay: float, token_delay: float) -> None:
    """Plays OpenAI, Anthropic and DeepSeek on 127.0.0.1 until interrupted."""
    try:
        asyncio.run(_serve(port, key, first_token_delay, token_delay))
    except KeyboardInterrupt:
        click.echo("stopped")


async def _serve(port: int, key: str, first_token_delay: float, token_delay: float) -> None:
    server = AiServer(key=key, port=port)
    server.first_token_delay, server.token_delay = first_token_delay, token_delay
    async with server:
        for name, value in server.settings().items():
            click.echo(f"{name.upper()}={value}")
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()
