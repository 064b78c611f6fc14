"""Process output: what programs print about themselves, one line an event, to standard error.

It holds references and ids, never a body or an address; nothing here prints an error's text that could quote one.
"""

import logging
import sys

import structlog


def configure_output() -> None:
    """Readable lines on a terminal, JSON elsewhere. Standard output is left to what a command was asked for."""
    on_terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer(colors=True) if on_terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    # APScheduler would print tracebacks, whose texts may quote a letter; its events are noted by the worker instead.
    # psycopg prints errors it ignored, with texts that are not ours.
    for library in ("apscheduler", "psycopg"):
        logging.getLogger(library).addHandler(logging.NullHandler())
        logging.getLogger(library).propagate = False
