"""``workflows``: definitions from files, listed and shown."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import click
from rich.markup import escape

from mobius.cli.documents import Document, read_documents
from mobius.cli.failures import Failure, failure_of
from mobius.cli.shell import (
    Group,
    Session,
    page_options,
    paged,
    query_of,
    with_session,
)
from mobius.cli.tables import columns

_COLUMNS: Final = columns(
    "handle", "id", "name", "version=latest_version", "tags", "changed=updated_at:ago"
)
_OUTCOME_STYLES: Final = {"created": "green", "updated": "yellow", "unchanged": "dim"}
_DIFF_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class Applied:
    """What became of one definition, or would: fields that differ, before and after."""

    document: Document
    outcome: str
    workflow: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@click.group(cls=Group)
def workflows() -> None:
    """Workflows: from files to the server, list, show."""


@workflows.command(
    "apply",
    examples=(
        "mobius workflows apply ingest.yaml",
        "mobius workflows apply flows/a.yaml flows/b.json --dry-run",
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="show what would change, change nothing")
@with_session
def apply(session: Session, files: tuple[str, ...], dry_run: bool) -> None:
    """Create the workflows of files (YAML or JSON), or update them.

    A file holds one or more {name, handle?, spec, ...}, or bare specs. All files are
    read before anything is sent. A problem that the server finds is told with its
    line; what was applied before it stays.
    """
    documents = [one for name in files for one in read_documents(name)]
    done: list[Applied] = []
    for document in documents:
        try:
            done.append(_apply(session, document, dry_run=dry_run))
        except Exception as error:
            if done and not dry_run:
                _print(session, done, dry_run=dry_run)
            raise _placed(error, document) from None
    _print(session, done, dry_run=dry_run)


@workflows.command("list", examples=("mobius workflows list --tag team:docs",))
@click.option("--tag", help="key or key:value")
@page_options
@with_session
def list_workflows(session: Session, tag: str | None, **page: Any) -> None:
    """List workflows, newest first."""
    items, whole = paged(session, "workflows", query_of(tag=tag), **page)
    session.out.table(items, _COLUMNS, page=whole, empty="no workflows")


@workflows.command(
    "get",
    examples=(
        "mobius workflows get ingest-document",
        "mobius workflows get ingest-document --file > ingest.yaml",
    ),
)
@click.argument("workflow", metavar="HANDLE")
@click.option("--file", "as_file", is_flag=True, help="as a YAML file to apply again")
@with_session
def get(session: Session, workflow: str, as_file: bool) -> None:
    """Show a workflow with its latest spec."""
    found = session.client.workflows.get(workflow)
    if as_file:
        wanted = ("name", "handle", "description", "published_as_tool", "tags", "spec")
        kept = {name: found[name] for name in wanted if found.get(name)}
        session.out.raw("\n".join(_yaml(kept)))
        return
    shown = {n: v for n, v in found.items() if n != "spec"}
    lines = [f"[bold]{n}[/bold]: {escape(line)}" for n, line in _lines(shown)]
    session.out.document(found, [*lines, *map(escape, _yaml({"spec": found["spec"]}))])


def _apply(session: Session, document: Document, *, dry_run: bool) -> Applied:
    verbs = session.client.workflows
    plan = verbs.plan(document.value)
    current = plan.current or {}
    known = current if plan.outcome != "unchanged" or dry_run else {}
    before = {name: known[name] for name in plan.changes if name in known}
    workflow = current if dry_run else verbs.apply(document.value)
    return Applied(document, plan.outcome, workflow, before, plan.changes)


def _print(session: Session, done: list[Applied], *, dry_run: bool) -> None:
    items = [
        {
            "outcome": one.outcome,
            "place": one.document.place,
            "handle": _name(one),
            "id": one.workflow.get("id"),
            "version": one.workflow.get("latest_version"),
            "changes": sorted(one.after) if one.outcome == "updated" else [],
        }
        for one in done
    ]
    if dry_run:
        for item, one in zip(items, done, strict=True):
            item["diff"] = list(_diff(one))
    lines: list[str] = []
    for item, one in zip(items, done, strict=True):
        style = _OUTCOME_STYLES[one.outcome]
        would = "would be " if dry_run and one.outcome != "unchanged" else ""
        version = f", version {item['version']}" if item["version"] else ""
        lines.append(
            f"[bold]{escape(str(item['handle']))}[/bold]: "
            f"[{style}]{would}{one.outcome}[/{style}]{version}"
        )
        for line in item.get("diff", ()):
            shade = _DIFF_STYLES.get(str(line)[:1])
            text = escape(str(line))
            lines.append(f"  [{shade}]{text}[/{shade}]" if shade else f"  {text}")
    session.out.document({"dry_run": dry_run, "items": items}, lines)


def _name(one: Applied) -> str:
    known = one.workflow.get("handle") or one.document.value.get("handle")
    return str(known or one.document.value.get("name"))


def _diff(one: Applied) -> Iterator[str]:
    if one.outcome == "unchanged":
        return
    old, new = _yaml(one.before), _yaml(one.after)
    label = one.document.place
    yield from difflib.unified_diff(old, new, "server", label, lineterm="", n=2)


def _yaml(value: Mapping[str, Any]) -> list[str]:
    import yaml

    if not value:
        return []
    text = yaml.safe_dump(dict(value), sort_keys=False, allow_unicode=True)
    return str(text).splitlines()


def _lines(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    from mobius.cli.tables import short

    for name, found in value.items():
        if found not in (None, "", {}, []):
            yield name, short(found)


def _placed(error: Exception, document: Document) -> Exception:
    """The error with the lines of the file at which its fields stand."""
    failure = failure_of(error)
    if failure is None:
        return error
    bare = "spec" not in document.value
    fields = []
    for path, problem in failure.fields:
        inner = path.removeprefix("spec.") if bare else path
        fields.append((f"{document.place_of(inner)}: {path}", problem))
    message = failure.message
    if not message.startswith(document.file):
        message = f"{document.place}: {message}"
    return Failure(
        message,
        code=failure.code,
        hint=failure.hint,
        fields=fields,
        exit_code=failure.exit_code,
    )
