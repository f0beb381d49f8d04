"""Who schemathesis is: one account, so that what one operation makes is there for the next.

What ends its account or session gets one of its own each time, what ends others' sessions one for
itself.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import requests
import schemathesis

ENDING = {"DELETE /auth/me", "DELETE /auth/sessions/{id}"}
APART = {"DELETE /auth/sessions", "POST /auth/password"}
TRIES = 4
"""A server lets so many accounts be made a minute."""


def _whose(case: Any, _context: Any) -> str:
    label: str = case.operation.label
    if label in ENDING:
        return f"{label} {uuid4()}"
    return label if label in APART else "everybody"


@schemathesis.auth(cache_by_key=_whose, refresh_interval=3600)
class Account:
    """An account that was registered for the purpose."""

    def get(self, case: Any, _context: Any) -> str:
        """Its access token."""
        name = f"u{uuid4().hex[:12]}"
        body = {
            "email": f"{name}@example.com",
            "username": name,
            "password": "a-wombat-reads-maps",
        }
        for _ in range(TRIES):
            url = f"{case.operation.base_url}/auth/register"
            answer = requests.post(url, json=body, timeout=30)
            if answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                break
            time.sleep(float(answer.headers["Retry-After"]))
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Puts it where a token goes."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
