"""One key a purpose, made from SECRET_KEY. Pure.

A key that signs is never the key that encrypts: https://csrc.nist.gov/pubs/sp/800/108/r1/final
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode


def derived_key(secret: str, purpose: str) -> bytes:
    """32 bytes that only this secret and this purpose give."""
    return hmac.digest(secret.encode(), b"notion-assistant/" + purpose.encode(), hashlib.sha256)


def fernet_key(secret: str, purpose: str) -> bytes:
    """The same, as `cryptography.fernet.Fernet` takes it."""
    return urlsafe_b64encode(derived_key(secret, purpose))
