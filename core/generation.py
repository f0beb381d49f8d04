"""A prompt becomes a text, streamed, kept, and paid for once."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from types import MappingProxyType
from uuid import UUID

import structlog

from core.accounts.allowance import Allowances
from core.accounts.usage import Prices
from core.asking.material import Shown, Source, asked, extracts, without_sources
from core.attempt import Attempt, Candidate
from core.commands.context import Context
from core.errors import (
    AssistantError,
    Declined,
    InvalidInput,
    Misconfigured,
    ProviderFailed,
    RateLimited,
    error_from_json,
)
from core.jobs.show import patiently
from core.live import HANDED_OVER
from core.markdown.unfinished import close_markdown
from core.metrics import FIRST_WORDS, PROVIDER_FAILURES, TOKENS
from core.ports import Prompt, Provider, Turn, Usage
from core.preferences import Preferred, preferred
from core.pulse import provider_pulse
from core.stopping import Stops
from core.storage.content import Content, Written
from core.storage.database import Database
from core.templates import ASK, FROM_PAGES, TALK, shape, system_prompt
from core.troubles import all_failed, could_not, cut, ended_early
from core.turns import begun

log = structlog.get_logger(__name__)

_ANEW = "Give the whole text, with nothing said about it or about this request."
WISHES = {
    "regenerate": f"Write it again from the beginning, in another way. {_ANEW}",
    "shorter": f"Make it about half as long, and keep what matters most. {_ANEW}",
    "longer": f"Make it about twice as long, with more detail and examples. {_ANEW}",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A text to be written: what is kept of the wish, what is asked, and whom, in order.

    `note` is something the person should know of that order. `sources` are the pages it is to rest
    on, where it is to rest on some.
    """

    prompt: str
    template: str | None
    asked: Prompt
    candidates: list[Candidate]
    note: str = ""
    sources: Sequence[Source] | None = None


class Generation:
    """Asks the providers in order of preference."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        prices: Prices = MappingProxyType({}),
    ) -> None:
        self._database = database
        self._providers = providers
        self._stops = Stops(database)
        self._allowances = Allowances(database, prices)

    async def write(
        self,
        context: Context,
        prompt: str,
        *,
        provider: str | None,
        model: str | None,
        template: str | None,
    ) -> list[str]:
        """Writes the answer to a prompt and keeps it; returns the notes that go with it.

        An answer that is whole, or was stopped, is not asked for again. Where nothing is named, it
        begins with what the person chose for themselves, then the server. Where the preferred
        provider fails, the next one answers and a note says so; a provider or model asked for by
        name has no substitute. Raises InvalidInput for a name that is not known, and
        ProviderFailed where nobody could answer, with the reason of each; what had come of the
        answer by then is kept, with that error.
        """
        chosen = await self._preferred(context.user_id)
        template = shape(template or chosen.template)
        wanted = Prompt(system_prompt(template), (Turn("user", prompt),))
        note = "" if provider else chosen.note
        order = Order(prompt, template, wanted, self._candidates(provider, model, chosen), note)
        return await self._write(context, order)

    async def converse(self, context: Context, prompt: str, before: Sequence[Turn]) -> list[str]:
        """Writes the answer to the last word of a conversation, as `write` does.

        `before` is what was said earlier, oldest first.
        """
        earlier, last = list(before), prompt
        if earlier and earlier[-1].role == "user":
            # Providers want the two to take turns.
            last = f"{earlier.pop().text}\n\n{prompt}"
        wanted = Prompt(system_prompt(TALK), (*earlier, Turn("user", last)))
        chosen = await self._preferred(context.user_id)
        candidates = self._candidates(None, None, chosen)
        return await self._write(context, Order(prompt, TALK, wanted, candidates, chosen.note))

    async def note(self, context: Context, prompt: str, template: str | None) -> None:
        """Keeps what is asked before it is answered, so that it can be asked again."""
        async with self._database.begin(brief=True) as unit:
            await unit.content.begin(context.request.id, context.user_id, prompt, template)

    async def answer(
        self,
        context: Context,
        question: str,
        gather: Callable[[], Awaitable[Sequence[Source]]],
        *,
        provider: str | None = None,
        model: str | None = None,
        again: tuple[Content, str] | None = None,
    ) -> list[str]:
        """Answers a question from the pages that `gather` brings, as `write` does.

        The item's text ends with links to the pages it names, and holds no other links than those
        of the pages. `again` is an earlier item and how to write it anew, as in `rewrite`. Raises
        what `gather` raises too.
        """
        chosen = await self._preferred(context.user_id)
        candidates = self._candidates(provider, model, chosen)
        note = "" if provider else chosen.note
        earlier, how = again or (None, "")
        if earlier is not None:
            candidates.sort(key=lambda each: each.name != earlier.provider)
        if (notes := await self._ended(context, question, ASK)) is not None:
            return notes
        sources = await gather()
        turns = [Turn("user", asked(question, sources))]
        if earlier is not None and earlier.text is not None and how != "regenerate":
            said = without_sources(earlier.text)
            turns += [Turn("assistant", said), Turn("user", _wish(how))]
        wanted = Prompt(FROM_PAGES, tuple(turns), question=question, extracts=extracts(sources))
        order = Order(question, ASK, wanted, candidates, note, sources)
        return await self._write(context, order)

    async def rewrite(self, context: Context, earlier: Content, how: str) -> list[str]:
        """Writes an item's answer in another way, as an item of its own; returns its notes.

        `how` is one of `core.actions.REWRITES`. Whoever wrote the earlier answer is asked first.
        Raises InvalidInput for another `how`, and what `write` raises.
        """
        wish = _wish(how)
        turns = [Turn("user", earlier.prompt)]
        # After one that was broken off this is the first try once more.
        if earlier.text is not None and earlier.error is None:
            turns += [Turn("assistant", earlier.text), Turn("user", wish)]
        wanted = Prompt(system_prompt(earlier.template), tuple(turns))
        everyone = self._candidates(None, None, await self._preferred(context.user_id))
        candidates = sorted(everyone, key=lambda provider: provider.name != earlier.provider)
        return await self._write(
            context, Order(earlier.prompt, earlier.template, wanted, candidates)
        )

    async def stop(self, user_id: UUID, item: UUID) -> bool:
        """Ends the writing of an item, whichever process does it; what came stays.

        Returns False where it has ended. Raises Forbidden where somebody else asked for it.
        """
        return await self._stops.ask(user_id, item)

    async def _ended(self, context: Context, prompt: str, template: str | None) -> list[str] | None:
        """The notes of an item that has ended already; None where it is yet to be written.

        Raises what broke it off, where something did.
        """
        item = context.request.id
        async with self._database.begin(brief=True) as unit:
            await unit.content.begin(item, context.user_id, prompt, template)
            kept = await unit.content.get(item)
        if kept is not None and kept.error is not None:
            raise error_from_json(kept.error)
        if kept is not None and (kept.text is not None or kept.stopped):
            return _notes(kept)
        if await self._stops.asked(item):
            # Whoever wrote this died before it could be kept; nobody wants it any more.
            await patiently(lambda: self._keep(context, None))
            return []
        await self._allowances.check(context.user_id)
        return None

    async def _write(self, context: Context, order: Order) -> list[str]:
        if (notes := await self._ended(context, order.prompt, order.template)) is not None:
            return notes
        troubles: list[tuple[str, AssistantError]] = []
        begun: Written | None = None
        queue = deque(order.candidates)
        while queue:
            candidate = queue.popleft()
            told = [order.note] if order.note else []
            told += [could_not(name, error) for name, error in troubles]
            attempt = Attempt.of(candidate, order.asked)
            try:
                return await self._ask(attempt, order, context, "\n".join(told))
            except (ProviderFailed, RateLimited, Misconfigured, InvalidInput) as error:
                await self._charge(context, attempt, attempt.spent())
                asked_wrong = isinstance(error, InvalidInput) and not candidate.is_choice
                if asked_wrong and begun is None:
                    raise
                log.warning("provider failed", provider=candidate.name, reason=error.message)
                troubles.append((_named(candidate), error))
                PROVIDER_FAILURES.labels(candidate.name).inc()
                if not isinstance(error, Declined | InvalidInput):
                    # What it will not or cannot write is for the asker to mend: it works.
                    provider_pulse(candidate.name).fail(error.message)
                context.feed.restart()
                begun = _begun(attempt, order, error) or begun
                if candidate.is_choice and not (error.retryable or isinstance(error, RateLimited)):
                    # It may be the model alone that is not to be had.
                    queue.appendleft(Candidate(candidate.provider))
        failure = all_failed(troubles, broken_off=begun is not None)
        if begun is not None:
            await self._keep_beginning(context, order, begun, failure)
        raise failure

    async def _keep_beginning(
        self, context: Context, order: Order, begun: Written, failure: ProviderFailed
    ) -> None:
        """Keeps what had come, and shows it again where another provider had begun anew."""
        context.feed.show(begun.text)
        # The last note ends with the reason: so it is known as the one that tells it.
        note = "\n".join(filter(None, (order.note, f"The answer ends early: {failure.message}")))
        kept = replace(begun, note=note, error=failure.to_json())
        await patiently(lambda: self._keep(context, kept))

    async def _preferred(self, user_id: UUID) -> Preferred:
        async with self._database.read(brief=True) as unit:
            user = await unit.users.get(user_id)
        return preferred(user.preferences if user else {}, self._providers)

    def _candidates(
        self, name: str | None, model: str | None, chosen: Preferred
    ) -> list[Candidate]:
        def usual(provider: Provider) -> Candidate:
            own = chosen.model if provider.name == chosen.provider else None
            return Candidate(provider, own, is_choice=own is not None)

        if name is None:
            # Whom the person prefers is asked first; the others stand in as they do anyway.
            order = sorted(self._providers, key=lambda each: each != chosen.provider)
            everyone = [self._providers[each] for each in order]
            # A model's name means something to one provider only: the preferred one.
            return [Candidate(everyone[0], model)] if model else [usual(each) for each in everyone]
        named = self._providers.get(name.lower())
        if named is None:
            known = ", ".join(self._providers)
            raise InvalidInput(
                f"There is no AI provider “{name}” here. There is: {known}. "
                f"An admin turns others on by setting their key."
            )
        return [Candidate(named, model) if model else usual(named)]

    async def _ask(
        self, attempt: Attempt, order: Order, context: Context, trouble: str
    ) -> list[str]:
        item, provider = context.request.id, attempt.candidate.provider
        shown = None if order.sources is None else Shown(order.sources)
        text = attempt.text

        async def read() -> None:
            begun()
            asked_at = time.perf_counter()
            async with aclosing(provider.stream(attempt.prompt)) as stream:  # type: ignore[type-var]
                async for piece in stream:
                    if not text and not isinstance(piece, Usage):
                        FIRST_WORDS.labels(provider.name).observe(time.perf_counter() - asked_at)
                    attempt.hear(piece)
                    if isinstance(piece, Usage):
                        continue
                    if shown is None:
                        context.feed.add(piece)
                    else:
                        context.feed.show(shown.growing("".join(text)))

        stopped = not await self._stops.finished(item, read())
        usage = attempt.spent(sent=True) if stopped else attempt.usage
        whole = _whole(text, shown, cut=stopped)
        if not whole:
            if stopped:
                await self._charge(context, attempt, usage)
                await patiently(lambda: self._keep(context, None))
                return []
            raise ProviderFailed(
                f"{provider.name} answered with nothing. Ask again, or differently.", retryable=True
            )
        if shown is not None:
            context.feed.show(whole)
        ended = ended_early("".join(text)) if stopped else cut(usage)
        written = _written(provider, usage, whole, [trouble, usage.note or provider.note, ended])
        written = replace(written, stopped=stopped)
        if not stopped:
            # Seen before it is kept, and so before others that end in this moment are.
            context.feed.complete(whole, _notes(written))
            await asyncio.sleep(HANDED_OVER)
        # At once, before anything else can go wrong: from here on the answer is paid for and kept.
        await patiently(lambda: self._keep(context, written))
        _count(provider, usage)
        return _notes(written)

    async def _keep(self, context: Context, written: Written | None) -> None:
        item = context.request.id
        async with self._database.begin(brief=True) as unit:
            if written is None:
                await unit.content.stopped_empty(item)
            else:
                await unit.content.finish(item, written, context.user_id)

    async def _charge(self, context: Context, attempt: Attempt, usage: Usage) -> None:
        """Counts what an answer took of which nothing, or only its beginning, is kept."""
        if not (usage.input_tokens or usage.output_tokens):
            return
        provider = attempt.candidate.provider

        async def charge() -> None:
            async with self._database.begin() as unit:
                written = _written(provider, usage, "", ())
                await unit.content.charge(context.request.id, written, context.user_id)

        await patiently(charge)
        _tell(provider, usage)


def _count(provider: Provider, usage: Usage) -> None:
    provider_pulse(provider.name).hear()
    _tell(provider, usage)


def _tell(provider: Provider, usage: Usage) -> None:
    TOKENS.labels(provider.name, "in").inc(usage.input_tokens)
    TOKENS.labels(provider.name, "out").inc(usage.output_tokens)


def _written(provider: Provider, usage: Usage, text: str, remarks: Sequence[str | None]) -> Written:
    return Written(
        text=text,
        provider=provider.name,
        model=usage.model,
        note="\n".join(remark for remark in remarks if remark) or None,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        estimated=usage.estimated,
    )


def _begun(attempt: Attempt, order: Order, error: AssistantError) -> Written | None:
    """What came before the error, where it is to be kept."""
    if isinstance(error, Declined):
        return None
    shown = None if order.sources is None else Shown(order.sources)
    said = _whole(attempt.text, shown, cut=True)
    if not said:
        return None
    return _written(attempt.candidate.provider, attempt.spent(), said, ())


def _whole(text: list[str], shown: Shown | None, *, cut: bool) -> str:
    """What came, as it is kept; `cut` where that may be anywhere."""
    said = "".join(text).replace("\0", "").strip()
    if cut:
        # It may leave a fence or an emphasis open.
        said = close_markdown(said).strip()
    return said if shown is None else shown.whole(said)


def _named(candidate: Candidate) -> str:
    """What could not answer, as people know it."""
    if not candidate.is_choice:
        return candidate.name
    return f"{candidate.model}, your choice in `/notion settings`,"


def _wish(how: str) -> str:
    if how not in WISHES:
        raise InvalidInput(f"There is no way “{how}”. There are: {', '.join(WISHES)}.")
    return WISHES[how]


def _notes(item: Content | Written) -> list[str]:
    return item.note.split("\n") if item.note else []
