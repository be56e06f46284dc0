"""``manage.py doctor``: what is wrong, and what to do about it."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel import clock
from apps.ops.doctor.findings import Level
from apps.ops.services.examine import examine


class Command(BaseCommand):
    """Looks, changes nothing, and ends with 1 when there is a problem."""

    help = "Check configuration, PostgreSQL, Redis, Celery, the outbox, keys, workers."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding, problems with what to do."""
        found = list(examine(now=clock.now()))
        problems = [one for one in found if one.level is Level.PROBLEM]
        if options["json"]:
            body = {"ok": not problems, "findings": [asdict(one) for one in found]}
            self.stdout.write(json.dumps(body, indent=2))
        else:
            for one in found:
                self.stdout.write(f"{one.level:8} {one.part:14} {one.message}")
                if one.advice:
                    self.stdout.write(f"{'':8} {'':14} -> {one.advice}")
        if problems:
            raise CommandError(f"{len(problems)} problems", returncode=1)
