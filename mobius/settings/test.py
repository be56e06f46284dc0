"""Tests: quick password hashes, a fixed secret, everything else as in production."""

from mobius.settings.base import *  # noqa: F403
from mobius.settings.base import MIDDLEWARE as _MIDDLEWARE

SECRET_KEY = "only-for-tests-only-for-tests-only-for-tests"  # noqa: S105
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
#: No static files are collected for tests, and whitenoise warns about that.
MIDDLEWARE = [name for name in _MIDDLEWARE if not name.startswith("whitenoise.")]
