"""What answers without a key: by its address, by a session of a browser, to all."""

from typing import Final

#: Held routes of the browser pages: the session lets in, not a key.
HELD_PAGES: Final = {("GET", "/inbox/events")}

#: Paths of the API that need no key: whoever knows such an address may call it.
OPEN: Final = {
    ("POST", "/v1/triggers/http/{handle}"),
    ("POST", "/v1/triggers/webhook/{handle}"),
    ("POST", "/v1/integrations/{provider}/{handle}"),
    # The reference says what the API is, and nothing of what is in it.
    ("GET", "/v1/openapi.yaml"),
    ("GET", "/v1/openapi.json"),
}

#: Everything else that answers, without a key.
PUBLIC: Final = {"/healthz", "/readyz", "/metrics", "/", "/reference/"}

#: Browser pages of people, which send strangers to their own sign-in.
PAGES: Final = "/inbox/"
