"""``manage.py bootstrap``: the first organization, project, people and key."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.identity.services.bootstrap import bootstrap
from apps.kernel import clock
from apps.kernel.errors import MobiusError


class Command(BaseCommand):
    """Idempotent; secrets are printed when they are new, and never again."""

    help = "Create the first organization, project, roles, principals and API key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--organization", default="default", metavar="HANDLE")
        parser.add_argument("--project", default="default", metavar="HANDLE")
        parser.add_argument(
            "--new-key", action="store_true", help="replace the key named local"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set up, then print what there is."""
        try:
            done = bootstrap(
                organization=options["organization"],
                project=options["project"],
                new_key=options["new_key"],
                now=clock.now(),
            )._asdict()
        except MobiusError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(json.dumps(done))
            return
        for name, value in done.items():
            shown = "(unchanged, not shown again)" if value is None else value
            self.stdout.write(f"{name:17} {shown}")
