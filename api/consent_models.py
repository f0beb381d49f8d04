"""Before and after the consent page of a platform or of Notion: what a browser comes with."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.models import Model


class ConsentStart(Model):
    """Before a consent page."""

    next: Annotated[
        str | None,
        Field(max_length=512, description="The path of this server to go on to afterwards."),
    ] = None


class ConsentAnswer(Model):
    """What a browser is sent back with. It may hold more than is described here."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[str | None, Field(max_length=512, description="As it was given.")] = None
    code: Annotated[
        str | None, Field(max_length=4096, description="Works once, for some minutes.")
    ] = None
    error: Annotated[str | None, Field(max_length=512, description="Why there is no code.")] = None


class SignInAnswer(ConsentAnswer):
    """The same of a platform that people sign in with."""

    iss: Annotated[str | None, Field(max_length=512, description="Who sends it.")] = None
