"""How many connections the process may have at once."""

from __future__ import annotations

import structlog

log = structlog.get_logger(__name__)


def as_many_as_allowed() -> None:
    """Raises the soft limit of open files to the hard one, which an admin sets.

    Many systems begin at 1,024 for the sake of old programs, and each connection is a file:
    https://0pointer.net/blog/file-descriptor-limits.html. Where it cannot be raised it stays.
    """
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        log.info("the limit of open files stays", limit=soft)
