"""Production: refuses to start on a weak or missing secret."""

from django.core.exceptions import ImproperlyConfigured

from mobius.settings import environment as env
from mobius.settings.base import *  # noqa: F403
from mobius.settings.base import SECRET_KEY

SECRET_LENGTH_MIN = 32

if len(SECRET_KEY) < SECRET_LENGTH_MIN:
    raise ImproperlyConfigured(
        f"MOBIUS_SECRET_KEY must be set to at least {SECRET_LENGTH_MIN} characters"
    )

SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = env.flag("MOBIUS_SECURE_COOKIES", False)
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
