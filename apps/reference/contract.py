"""The contract as it is committed, which is what the server gives out.

``apps.reference.document`` makes it from the code, ``manage.py openapi --write`` writes
it, and a test compares the two.
"""

from functools import cache
from pathlib import Path
from typing import Final

import yaml

from apps.api.rendering import to_json

CONTRACT: Final = Path(__file__).parent / "openapi.yaml"


@cache
def contract_as_yaml() -> bytes:
    """Return the contract as it is committed."""
    return CONTRACT.read_bytes()


@cache
def contract_as_json() -> bytes:
    """Return the same as JSON."""
    return to_json(yaml.load(contract_as_yaml(), yaml.CSafeLoader))
