"""How processes log: lines for people, or JSON for programs."""

from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

_FORMATTERS: Final[dict[str, dict[str, Any]]] = {
    "text": {
        "()": "apps.kernel.log_context.TextFormatter",
        "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
    },
    "json": {"()": "apps.kernel.log_context.JsonFormatter"},
}
#: Programs with handlers of their own, which would go on writing lines.
_FOREIGN: Final = ("uvicorn", "uvicorn.error", "uvicorn.access")


def logging_settings(*, form: str, level: str) -> dict[str, Any]:
    """Return the value of ``LOGGING``; ``form`` is ``text`` or ``json``."""
    if form not in _FORMATTERS:
        raise ImproperlyConfigured(
            f"MOBIUS_LOG_FORMAT: expected {' or '.join(_FORMATTERS)}, got {form!r}"
        )
    loggers: dict[str, dict[str, Any]] = {
        # It tells of every stream that opens.
        "django_eventstream": {"level": "WARNING"},
        # A refused request is the caller's news, not ours.
        "django.request": {"level": "ERROR"},
        # It would tell what receivers answer, who may repeat what signs.
        "httpcore2": {"level": "WARNING"},
    }
    if form == "json":
        loggers |= {name: {"handlers": [], "propagate": True} for name in _FOREIGN}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": _FORMATTERS[form]},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": loggers,
        "root": {"handlers": ["stderr"], "level": level},
    }
