"""``manage.py reseal_secrets``: before an old key is dropped."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.errors import MobiusError
from apps.secrets.services.reseal import reseal_secrets


class Command(BaseCommand):
    """Run it after a new key was put first in ``MOBIUS_SECRETS_KEYS``."""

    help = "Seal every secret with the first key of MOBIUS_SECRETS_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal anew."""
        try:
            count = reseal_secrets()
        except MobiusError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{count} versions are sealed with the first key")
