"""``apps/source_events/CATALOG.md`` is what the code says."""

import re
from io import StringIO

from django.core.management import call_command

from apps.run_events.catalog_page import PAGE, PRODUCERS, render_page
from apps.run_events.vocabulary import LINES
from apps.source_events.catalog import TYPES, Public
from mobius.local.environment import ROOT


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text() == render_page(), "run: python3 manage.py catalog --write"


def test_the_command_prints_the_page() -> None:
    printed = StringIO()

    call_command("catalog", stdout=printed)

    assert printed.getvalue() == render_page()


def test_every_event_of_both_planes_has_a_row() -> None:
    named = set(re.findall(r"(?m)^\| `([^`]+)` \|", PAGE.read_text()))

    assert named == {entry.name for entry in TYPES} | LINES.keys()


def test_an_event_has_a_producer_exactly_when_some_code_appends_it() -> None:
    """Families are left out: their names are made of a prefix, or come from outside."""
    appended: set[str] = set()
    for path in sorted((ROOT / "apps").rglob("*.py")):
        if path.parent.name != "source_events":
            names = re.findall(r"\bPublic\.([A-Z_]+)", path.read_text())
            appended |= {Public[name].value for name in names}

    produced = {name for name, by in PRODUCERS.items() if by != "nobody yet"}

    assert {name for name in produced if "<" not in name} == appended
