"""Keys that sign calls: made here, shown once, kept sealed."""

import base64
import secrets

from apps.actions.models import CustomAction
from apps.deliveries.signing import KEY_BYTES, KEY_NAME
from apps.secrets.cipher import seal


def give_key(action: CustomAction) -> str:
    """Give the action a new key, the next version; return it in base64 to be shown.

    From the commit on calls are signed with it, also those that were made before.
    """
    shown = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    action.sealed_key = seal(action.id, {KEY_NAME: shown})
    action.key_version += 1
    return shown
