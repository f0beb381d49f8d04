"""What comes in and goes out about linking, and what a person changes of themselves.

Strict, as all of `api.models`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.models import Model, Name, Plain


class LinkingCode(Model):
    """A code from `/notion link`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "K7FQ2M9XJTWB4RDZC6HNVYEAPL"}]}
    )

    code: Annotated[
        str, Field(min_length=1, max_length=500, description="As `/notion link` shows it."), Plain
    ]


class Choices(Model):
    """What a person chooses for themselves; null takes a choice back."""

    provider: Annotated[Name | None, Field(description="Who is asked first.")] = None
    template: Annotated[Name | None, Field(description="The shape of what is written.")] = None


class Change(Model):
    """What is to change; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"username": "ada", "preferences": {"template": "retro"}}]}
    )

    username: (
        Annotated[
            str,
            Field(
                max_length=64,
                description="3 to 64 of A-Z a-z 0-9 . - _",
                json_schema_extra={"pattern": "^[A-Za-z0-9_.-]{3,64}$", "minLength": 3},
            ),
            Plain,
        ]
        | None
    ) = None
    preferences: Choices | None = None


class Code(Model):
    """A code that is typed in chat, as `/notion link CODE`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "K7FQ2-M9XJT", "expires_in": 600}]}
    )

    code: str
    expires_in: Annotated[int, Field(description="Seconds.")]


class ConsentStart(Model):
    """Before a platform's consent page."""

    next: Annotated[
        str | None,
        Field(max_length=512, description="The path of this server to go on to afterwards."),
    ] = None


class ConsentAnswer(Model):
    """What a platform sends a browser back with. It may add what is not described here."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[str | None, Field(max_length=512, description="As it was given.")] = None
    code: Annotated[
        str | None, Field(max_length=4096, description="Works once, for some minutes.")
    ] = None
    error: Annotated[str | None, Field(max_length=512, description="Why there is no code.")] = None
    iss: Annotated[str | None, Field(max_length=512, description="Who sends it.")] = None
