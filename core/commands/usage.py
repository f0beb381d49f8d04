"""`/notion usage`: what the person's requests took, in tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from operator import attrgetter

from core.commands.command import Command
from core.commands.context import Context
from core.messages import Answer, Call
from core.storage.spending import Cost, Spent

PERIODS = {"today": "today", "last 30 days": "month", "since the start": "ever"}


async def run(context: Context, call: Call) -> Answer:  # noqa: ARG001 - it takes no text
    """Shows requests and tokens by provider and model: today, in the last 30 days, in all."""
    spent = await context.library.spent(context.user_id, datetime.now(UTC))
    if not spent:
        return Answer(
            "You have spent nothing yet. Begin with `/notion generate a launch checklist`.",
            private=True,
        )
    notes = ["Days begin at midnight UTC. What you deleted from your history stays counted."]
    broken = sum(each.ever.estimated for each in spent)
    if broken:
        answers = "1 answer was" if broken == 1 else f"{broken:,} answers were"
        notes.append(
            f"{answers} stopped or broken off before the provider counted: “about” counts with an "
            "estimate."
        )
    return Answer("\n".join(["**What you spent**", "", *_table(spent)]), tuple(notes), private=True)


def _table(spent: list[Spent]) -> Iterator[str]:
    yield "| when | provider | model | requests | tokens in | tokens out |"
    yield "| --- | --- | --- | ---: | ---: | ---: |"
    for name, field in PERIODS.items():
        cost = attrgetter(field)
        used = [each for each in spent if cost(each).requests]
        if len(used) != 1:
            yield _row(name, "all together", "–", _sum([cost(each) for each in used]))
        for each in used:
            yield _row(name, each.provider, each.model, cost(each))


def _sum(costs: list[Cost]) -> Cost:
    return Cost(
        sum(cost.requests for cost in costs),
        sum(cost.input_tokens for cost in costs),
        sum(cost.output_tokens for cost in costs),
        sum(cost.estimated for cost in costs),
    )


def _row(when: str, provider: str, model: str, cost: Cost) -> str:
    # What no model wrote was kept under this name by earlier releases.
    model = "no model" if model == "none" else model.replace("|", "\\|")
    about = "about " if cost.estimated else ""
    numbers = f"{cost.requests:,} | {about}{cost.input_tokens:,} | {about}{cost.output_tokens:,}"
    return f"| {when} | {provider} | {model} | {numbers} |"


COMMAND = Command(
    name="usage",
    summary="Show what your requests took, in tokens.",
    run=run,
    private=True,
)
