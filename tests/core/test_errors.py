import pytest

from core import errors
from core.errors import AssistantError, error_from_json

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, AssistantError)
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_being_written_down(kind: type[AssistantError]) -> None:
    error = kind("Say this.", retry_after=7)
    back = error_from_json(error.to_json())
    assert back.to_json() == error.to_json()
    assert str(back) == "Say this."


def test_the_tree_at_the_top_of_the_file_names_every_error() -> None:
    assert errors.__doc__ is not None
    for kind in KINDS:
        assert kind.__name__ in errors.__doc__
