"""A refusal, in the shape the Web API gives it."""

from typing import Any


class SlackRefusal(Exception):
    """Becomes `{"ok": false, "error": code}`; Slack sends these with status 200.

    `details` appear as `response_metadata.messages`, the way Slack explains an argument.
    """

    def __init__(self, code: str, *details: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.extra = extra

    def payload(self) -> dict[str, Any]:
        """The body of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.details:
            body["errors"] = list(self.details)
            body["response_metadata"] = {"messages": [f"[ERROR] {one}" for one in self.details]}
        return body


class Ratelimited(Exception):
    """Becomes status 429 with `Retry-After`, whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


def missing(argument: str) -> SlackRefusal:
    """The refusal for a required argument that is not there."""
    return SlackRefusal("invalid_arguments", f"missing required field: {argument}")
