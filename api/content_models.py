"""What is asked for with `/content`: a text, and a page of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from api.models import Model, Name, Where, example
from api.text import NOT_BLANK, Plain, says_something

Value = Annotated[str, Field(max_length=2000), Plain]
Values = Annotated[
    dict[Name, Value],
    Field(
        max_length=25,
        description="Values for properties of the data source, by name; as `--set` takes them.",
    ),
]
NotionTemplate = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="One of Notion's own templates of the data source, or `default`.",
    ),
    Plain,
]


class Wish(Model):
    """What to write, and where it goes."""

    model_config = example(
        {"prompt": "a launch checklist for our mobile app", "save_to_notion": True}
    )

    prompt: Annotated[
        str,
        Field(
            min_length=1,
            max_length=20_000,
            json_schema_extra={"pattern": NOT_BLANK},
        ),
        Plain,
        AfterValidator(says_something),
    ]
    provider: Name | None = None
    model: Annotated[str, Field(min_length=1, max_length=128), Plain] | None = None
    template: (
        Annotated[
            Name, Field(description="Left out, the person's own; `none` is none of them, ever.")
        ]
        | None
    ) = None
    save_to_notion: Annotated[
        bool | None,
        Field(
            description="Where nothing is said, a `destination` saves, and so does the preference "
            "`save`; false saves in no case."
        ),
    ] = None
    destination: Where | None = None
    properties: Values | None = None
    notion_template: NotionTemplate | None = None


class Target(Model):
    """Where a page goes; the default place where nothing is said."""

    model_config = example({"destination": "Meeting notes"})

    destination: Where | None = None
    properties: Values | None = None
    notion_template: NotionTemplate | None = None
