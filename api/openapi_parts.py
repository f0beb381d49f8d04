"""What the specification is put together from: parameters, headers, reasons, ways to log in."""

from __future__ import annotations

from typing import Any

from core.accounts.personal import SCOPES

Json = dict[str, Any]

REASONS = {
    "INVALID_INPUT": "prompt: must not be empty",
    "UNAUTHORIZED": "Log in first, and send Authorization: Bearer <access token>.",
    "FORBIDDEN": "This code was opened with another account, and works with that one alone.",
    "NOT_FOUND": "There is no such item in your history.",
    "CONFLICT": "This Idempotency-Key came with another request before. Use a new one for each.",
    "PRECONDITION_FAILED": "This was changed since you read it. Read it again, then repeat.",
    "PAYLOAD_TOO_LARGE": "The body is too large.",
    "UNSUPPORTED_MEDIA_TYPE": "Send JSON, with Content-Type: application/json.",
    "RATE_LIMITED": "That is too often. Try again in 12 seconds.",
    "INTERNAL": "Something went wrong on the server.",
    "PROVIDER_FAILED": "openai did not answer within 60 seconds. Try again.",
    "NOTION_FAILED": "Notion did not answer within 60 seconds. Try again.",
    "UNAVAILABLE": "The database cannot be reached. Try again in a moment.",
}
KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A repeat with the same key and body returns the first answer.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    },
    "example": "3f5d2a52-checklist",
}
RESUME_PARAMETER = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "The id of the last event that was seen; the answer goes on after it.",
    "schema": {"type": "string"},
    "example": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54.18.1c291ca3.0",
}
SEEN_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of what is known already; 304 where it is still so.",
    "schema": {"type": "string"},
    "example": '"zJ4cYbA0Qm2yVw8R"',
}
UNCHANGED_PARAMETER = {
    "name": "If-Match",
    "in": "header",
    "description": "The ETag of what was read; nothing is done where it has changed since.",
    "schema": {"type": "string"},
}
ID_PARAMETER = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
    "example": "5f0c2f39-6f0a-4c39-9a53-0a3d3a0f6f54",
}

HEADERS: Json = {
    "X-Request-ID": {
        "description": "Names this request in the server's log.",
        "schema": {"type": "string"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the next try.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "ETag": {
        "description": "Names what is answered, for If-None-Match and If-Match.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Where to go on.",
        "schema": {"type": "string"},
    },
    "RateLimit-Limit": {
        "description": "Requests in a window, of the limit of which least is left.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "RateLimit-Remaining": {
        "description": "How many of them are left.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Reset": {
        "description": "Seconds until there is one more.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "RateLimit-Policy": {
        "description": "The limit, and its window in seconds: `300;w=60`.",
        "schema": {"type": "string"},
    },
}

SECURITY_SCHEMES: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token, or a personal token with the scopes named: "
        + "; ".join(f"`{scope}`: {what}" for scope, what in SCOPES.items()),
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "access",
        "description": "A browser's session, begun at /login. Over https the cookie is "
        "`__Host-access`. What changes something has to come from a page of this "
        "server, or of an origin that its admin allowed.",
    },
}
