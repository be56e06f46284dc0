"""Tags of things: what callers write on them."""

from collections.abc import Mapping

from apps.api.body import Body

TAGS_MAX = 8
TAG_KEY_CHARS_MAX = 128
TAG_VALUE_CHARS_MAX = 256
SYSTEM_TAG_PREFIX = "mobius:"


def read_tags(body: Body) -> Mapping[str, str] | None:
    """Return tags, None if there are none in the request."""
    tags = body.mapping("tags", default=None)
    if tags is None:
        return None
    if len(tags) > TAGS_MAX:
        body.problem("tags", f"expected at most {TAGS_MAX} entries")
    for key, value in tags.items():
        if not 1 <= len(key) <= TAG_KEY_CHARS_MAX:
            body.problem(
                "tags", f"expected keys of 1 to {TAG_KEY_CHARS_MAX} characters"
            )
        elif key.startswith(SYSTEM_TAG_PREFIX):
            body.problem(
                f"tags.{key}", f"{SYSTEM_TAG_PREFIX} tags belong to the system"
            )
        if not isinstance(value, str) or len(value) > TAG_VALUE_CHARS_MAX:
            body.problem(
                f"tags.{key}", f"expected a string up to {TAG_VALUE_CHARS_MAX}"
            )
    return dict(tags)
