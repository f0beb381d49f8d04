"""Logs: lines for people in a terminal, JSON for machines. https://www.structlog.org"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from core.config import Settings

LIBRARIES_FROM = logging.WARNING
"""Libraries speak from here up, whatever LOG_LEVEL says: below it some of them write what people
asked and what was answered."""


def _without_retries(_logger: Any, _method: str, event: Any) -> Any:
    """Drops stamina's own line for each retry: what finally fails is told where it fails."""
    if event.get("event") == "stamina.retry_scheduled":
        raise structlog.DropEvent
    return event


def configure_logs(settings: Settings) -> None:
    """Sends our lines and the libraries' to standard error.

    A traceback never shows local variables: they hold what people wrote, and their passwords.
    """
    shared: list[Any] = [
        _without_retries,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.log_format == "json":
        last: list[Any] = [
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ]
    else:
        last = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    level = logging.getLevelNamesMapping()[settings.log_level]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=max(level, LIBRARIES_FROM), handlers=[handler], force=True)
