"""Who schemathesis is: one account, so that what one operation makes is there for the next.

What ends an account or its session gets one of its own each time.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import requests
import schemathesis

ENDING = {
    "DELETE /auth/me",
    "DELETE /auth/sessions",
    "DELETE /auth/sessions/{id}",
    "POST /auth/password",
}


def _whose(case: Any, _context: Any) -> str:
    label: str = case.operation.label
    return f"{label} {uuid4()}" if label in ENDING else "everybody"


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
        answer = requests.post(f"{case.operation.base_url}/auth/register", json=body, timeout=30)
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def set(self, case: Any, data: str, _context: Any) -> None:
        """Puts it where a token goes."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
