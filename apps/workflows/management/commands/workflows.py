"""``manage.py workflows``: definitions from files, without the API."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError

from apps.identity.selectors import find_project
from apps.kernel import clock
from apps.kernel.errors import MobiusError
from apps.workflows.files import read_workflows
from apps.workflows.models import Workflow
from apps.workflows.selectors import find_workflow, latest_body, list_workflows
from apps.workflows.services.apply import Outcome, apply_workflows

#: Who made what this command makes.
OPERATOR = "operator"


class Command(BaseCommand):
    """Parses the arguments and hands over to one method per verb."""

    help = "Apply workflow files (YAML or JSON), check them, list and show workflows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        apply = verbs.add_parser("apply", help="create or update what a file defines")
        check = verbs.add_parser("check", help="say what is wrong with a file")
        show = verbs.add_parser("show", help="print a workflow as a file to apply")
        listing = verbs.add_parser("list", help="print the workflows of a project")
        apply.add_argument("file", type=Path)
        check.add_argument("file", type=Path)
        show.add_argument("handle", help="handle or id")
        for verb in (apply, show, listing):
            verb.add_argument("--project", default="default", help="handle or id")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"_{options['verb']}")(options)
        except MobiusError as error:
            raise CommandError(_explain(error)) from None

    def _apply(self, options: dict[str, Any]) -> None:
        wanted = read_workflows(options["file"])
        applied = apply_workflows(
            find_project(options["project"]),
            wanted,
            applied_by=OPERATOR,
            now=clock.now(),
        )
        for workflow, outcome in ((done.workflow, done.outcome) for done in applied):
            version = f" (version {workflow.latest_version})"
            changed = version if outcome is Outcome.UPDATED else ""
            self.stdout.write(f"{workflow.handle}: {outcome.value}{changed}")

    def _check(self, options: dict[str, Any]) -> None:
        for new in read_workflows(options["file"]):
            count = len(new.spec["steps"])
            self.stdout.write(f"{new.name}: good, steps: {count}")

    def _list(self, options: dict[str, Any]) -> None:
        rows = list_workflows(find_project(options["project"]).id).order_by("handle")
        for workflow in rows.iterator():
            version = f"v{workflow.latest_version}"
            self.stdout.write(f"{workflow.handle:<32} {version:>5}  {workflow.name}")

    def _show(self, options: dict[str, Any]) -> None:
        project = find_project(options["project"])
        workflow = find_workflow(project.id, options["handle"])
        text = yaml.safe_dump(_document(workflow), sort_keys=False, allow_unicode=True)
        self.stdout.write(text, ending="")


def _document(workflow: Workflow) -> dict[str, Any]:
    fields = {
        "name": workflow.name,
        "handle": workflow.handle,
        "description": workflow.description,
        "published_as_tool": workflow.published_as_tool,
        "tags": workflow.tags,
    }
    given = {field: value for field, value in fields.items() if value}
    return {**given, "spec": latest_body(workflow)}


def _explain(error: MobiusError) -> str:
    """Return every problem on a line of its own, or the message alone."""
    fields: Any = error.details.get("fields")
    if not fields:
        return error.message
    return "\n".join(f"{field['path']}: {field['message']}" for field in fields)
