"""RSA keys as people and Google write them down: PEM or JSON Web Key."""

import warnings
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

KEY_BITS: Final = range(2048, 8192 + 1)
KEY_CHARS_MAX: Final = 8192
_MALFORMED: Final = (JoseError, ValueError, TypeError, LookupError, AttributeError)


def read_key(authored: object) -> RSAKey | None:
    """Return a public key of 2048 to 8192 bits; None for anything else."""
    if not isinstance(authored, str | dict) or len(str(authored)) > KEY_CHARS_MAX:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of short keys, which are refused here
            key = RSAKey.import_key(authored)
            size = key.raw_value.key_size
    except _MALFORMED:
        return None
    return None if key.is_private or size not in KEY_BITS else key
