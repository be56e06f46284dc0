"""The routes that there are, as the tables write them."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def django_routes(
    resolver: URLResolver | None = None, prefix: str = "/"
) -> Iterator[tuple[str, URLPattern]]:
    """Every path that Django serves, with its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from django_routes(entry, path)
        else:
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), entry


def django_paths() -> list[str]:
    """Every path that Django serves, each once."""
    return list(dict.fromkeys(path for path, _ in django_routes()))
