"""A refusal, in Discord's own shape.

Codes: docs.discord.com/developers/topics/opcodes-and-status-codes#json
"""

from typing import Any


class DiscordRefusal(Exception):
    """Becomes `{"message", "code"}` with an HTTP status; `errors` tells which field is wrong."""

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def payload(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def unknown(thing: str) -> DiscordRefusal:
    """404 for something that is not there, or not any more."""
    codes = {
        "Channel": 10003,
        "Guild": 10004,
        "Message": 10008,
        "Member": 10007,
        "User": 10013,
        "Emoji": 10014,
        "Webhook": 10015,
        "interaction": 10062,
        "application command": 10063,
    }
    return DiscordRefusal(404, codes[thing], f"Unknown {thing}")


def invalid_form(errors: dict[str, Any]) -> DiscordRefusal:
    """400 for a body whose fields are wrong; `errors` nests like the body."""
    return DiscordRefusal(400, 50035, "Invalid Form Body", errors)


def fault(code: str, message: str) -> dict[str, Any]:
    """What stands at a wrong field inside `errors`."""
    return {"_errors": [{"code": code, "message": message}]}


def too_long(limit: int) -> dict[str, Any]:
    """The fault of a string above its limit."""
    return fault("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def bad_length(low: int, high: int) -> dict[str, Any]:
    """The fault of a string or list outside its bounds."""
    return fault("BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
