"""``manage.py audit verify``: is every chain of audit records whole?"""

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.chain import check_chain, organizations
from apps.audit.writer import problems_of_writer

_LINE: Final = re.compile(r"(\S+): (\d+) records, head ([0-9a-f]{64})")

#: organization -> number of a record -> its hash
Kept = dict[str, dict[int, str]]


class Command(BaseCommand):
    """Read every chain from its start and say where one is broken."""

    help = "Verify the audit log: exit code 1 and the place when a chain is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the verb, the chain if not all are meant, and what was kept."""
        parser.add_argument("verb", choices=["verify"])
        parser.add_argument("--organization", help="only the chain of this id")
        parser.add_argument(
            "--heads",
            action="append",
            default=[],
            metavar="FILE",
            help="what verify printed before, kept out of the reach of who administers"
            " the database; may be repeated",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each chain: its length and its head, for safe keeping."""
        kept = _read_heads(options["heads"])
        wanted = options["organization"]
        broken = 0
        for organization_id in (
            [wanted] if wanted else sorted({*organizations(), *kept})
        ):
            found = check_chain(organization_id, kept.get(organization_id, {}))
            if found.finding is None:
                self.stdout.write(
                    f"{organization_id}: {found.records} records, head {found.head}"
                )
            else:
                broken += 1
                self.stdout.write(f"{organization_id}: BROKEN: {found.finding.problem}")
        for problem in problems_of_writer():
            broken += 1
            self.stdout.write(f"BROKEN: {problem}")
        if broken:
            sys.exit(1)


def _read_heads(paths: list[str]) -> Kept:
    """Return the heads of earlier outputs; lines of another form are passed over.

    Raises:
        CommandError: a file cannot be read, or has no head in it.
    """
    kept: Kept = defaultdict(dict)
    for path in paths:
        try:
            lines = Path(path).read_text().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"--heads: {error}") from None
        found = [match for line in lines if (match := _LINE.fullmatch(line.strip()))]
        if not found:
            raise CommandError(f"--heads: {path} holds nothing that verify printed")
        for match in found:
            kept[match[1]][int(match[2])] = match[3]
    return kept
