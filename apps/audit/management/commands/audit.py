"""``manage.py audit verify``: is every chain of audit records whole?"""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.audit.chain import check_chain, organizations


class Command(BaseCommand):
    """Read every chain from its start and say where one is broken."""

    help = "Verify the audit log: exit code 1 and the place when a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the verb, and the chain if not all are meant."""
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("--organization", help="only the chain of this id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each chain: its length and its head, for safe keeping."""
        wanted = options["organization"]
        broken = 0
        for organization_id in [wanted] if wanted else organizations():
            found = check_chain(organization_id)
            if found.finding is None:
                self.stdout.write(
                    f"{organization_id}: {found.records} records, head {found.head}"
                )
            else:
                broken += 1
                self.stdout.write(f"{organization_id}: BROKEN: {found.finding.problem}")
        if broken:
            sys.exit(1)
