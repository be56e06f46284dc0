"""`manage.py openapi`: the API's contract, made from the code."""

import os
import sys
from collections.abc import Sequence

from mobius.local.console import Console
from mobius.local.testing import TEST_SETTINGS

WRITE = "--write"


def main(arguments: Sequence[str]) -> int:
    """Print the contract, or write it to its file; no server is needed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", TEST_SETTINGS)
    import django

    django.setup()
    from apps.reference.contract import CONTRACT
    from apps.reference.document import as_yaml

    contract = as_yaml()
    if WRITE in arguments:
        CONTRACT.write_bytes(contract)
        Console().line(f"{CONTRACT.name}: {len(contract):,} bytes")
    else:
        sys.stdout.buffer.write(contract)
    return 0
