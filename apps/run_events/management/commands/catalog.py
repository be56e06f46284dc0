"""``manage.py catalog``: the page that lists every event of both planes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.run_events.catalog_page import PAGE, render_page


class Command(BaseCommand):
    """Prints the page, or writes it where it belongs."""

    help = "Print the event catalogue as a page; --write puts it into its file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--write", action="store_true", help="write apps/source_events/CATALOG.md"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["write"]:
            PAGE.write_text(render_page())
            self.stdout.write(f"{PAGE} is written")
        else:
            self.stdout.write(render_page(), ending="")
