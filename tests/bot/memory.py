"""What an intake of a test remembers of silences, as the core's database would."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from core.errors import Unavailable
from core.messages import Channel, Message, Request, marked_queue
from core.ports import Known, Watched


class Memory:
    """Reckons from the requests that a subclass was given. Each is known since it came."""

    def __init__(self) -> None:
        self.noted: dict[str, datetime] = {}
        self.places: list[tuple[str, str]] = []
        self.accepted_at: dict[object, datetime] = {}
        self.silent = False
        # Messages, and threads, that a page follows; what was told of them.
        self.followed: set[str] = set()
        self.retellings: list[tuple[Message, str]] = []
        self.deletions: list[str] = []
        self.watching: list[Watched] = []

    def given(self) -> Iterable[Request]:
        """The requests accepted so far, in order."""
        raise NotImplementedError

    async def seen(self, name: str) -> datetime | None:
        if self.silent:
            raise Unavailable("Nothing is looked for here.")
        return self.noted.get(name)

    async def alive(self, name: str, at: datetime) -> None:
        self.noted[name] = at

    async def known(self, channel: Channel, message: str) -> list[Known]:
        queue, now = marked_queue(channel.place, message), datetime.now(UTC)
        about = {one.id: one for one in self.given() if one.queue == queue}
        return [Known(one, self.accepted_at.setdefault(one.id, now)) for one in about.values()]

    async def follows(self, channel: Channel, message: str, thread: str = "") -> bool:
        return bool(channel.place and self.followed & {message, thread})

    async def retold(
        self,
        channel: Channel,  # noqa: ARG002 - the port's signature
        message: Message,
        at: float,  # noqa: ARG002
        *,
        thread: str = "",
    ) -> None:
        self.retellings.append((message, thread))

    async def deleted(self, channel: Channel, messages: Sequence[str], at: datetime) -> None:  # noqa: ARG002 - the port's signature
        self.deletions += [each for each in messages if each in self.followed]

    async def watched(self, platform: str, since: datetime) -> list[Watched]:
        return self.watching if platform and since else []

    async def recent(self, platform: str, since: datetime) -> list[tuple[str, str]]:
        return self.places if platform and since else []
