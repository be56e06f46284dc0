"""``manage.py prune``: what retention deletes, now instead of minute by minute."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.identity import selectors
from apps.identity.models import Project
from apps.kernel import clock
from apps.kernel.errors import MobiusError
from apps.ops.prunable import count_of_project, count_of_server
from apps.ops.retention import Ages
from apps.ops.services.prune import prune


class Command(BaseCommand):
    """It works through everything that is old; beat's own rounds may go on beside."""

    help = "Delete what is past its time by each project's settings, or count it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--project", metavar="HANDLE", help="only what is its own")
        parser.add_argument(
            "--dry-run", action="store_true", help="count, and delete nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Say for each project what is kept and what goes, kind by kind."""
        handle = options["project"]
        try:
            projects = (
                [selectors.find_project(handle)]
                if handle
                else list(Project.objects.order_by("handle"))
            )
        except MobiusError as error:
            raise CommandError(error.message) from error
        for project in projects:
            self._one(project, dry=options["dry_run"])
        if not handle:
            now = clock.now()
            dry = options["dry_run"]
            counts = count_of_server(now) if dry else prune(now=now, projects=())
            self._say("of the server", counts, dry=dry)

    def _one(self, project: Project, *, dry: bool) -> None:
        ages = Ages.of(project, clock.now())
        counts = (
            count_of_project(ages)
            if dry
            else prune(now=ages.now, projects=[project], server=False)
        )
        self.stdout.write(
            f"{project.handle}: runs before {ages.runs:%Y-%m-%d %H:%M}, timelines"
            f" {ages.run_events:%Y-%m-%d %H:%M}, source events"
            f" {ages.source_events:%Y-%m-%d %H:%M} UTC"
        )
        self._say(project.handle, counts, dry=dry)

    def _say(self, place: str, counts: Counter[str], *, dry: bool) -> None:
        verb = "would delete" if dry else "deleted"
        if not counts:
            self.stdout.write(f"{place}: {verb} nothing")
        for kind, count in sorted(counts.items()):
            self.stdout.write(f"{place}: {verb} {count} {kind.replace('_', ' ')}")
