"""``workflows``: definitions from files, listed and shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click
from rich.markup import escape

from mobius.cli.failures import Failure, failure_of
from mobius.cli.lists import Paging, page_options, paged, query_of
from mobius.cli.shell import Group, Session, with_session
from mobius.cli.tables import columns

if TYPE_CHECKING:
    from mobius.cli.documents import Document

_COLUMNS: Final = columns(
    "handle",
    "id:id",
    "name",
    "version=latest_version",
    "tags",
    "changed=updated_at:ago",
)
_OUTCOME_STYLES: Final = {"created": "green", "updated": "yellow", "unchanged": "dim"}
_DIFF_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}


@dataclass(frozen=True)
class Applied:
    """What became of one definition, or what would; ``changes`` as it was and is."""

    document: "Document"
    outcome: str
    workflow: Mapping[str, Any]
    before: Mapping[str, Any]
    changes: Mapping[str, Any]

    def told(self, *, with_diff: bool) -> dict[str, Any]:
        """It as JSON."""
        given = self.document.value
        item = {
            "outcome": self.outcome,
            "place": self.document.place,
            "handle": self.workflow.get("handle") or given.get("handle"),
            "name": self.workflow.get("name") or given.get("name"),
            "id": self.workflow.get("id"),
            "version": self.workflow.get("latest_version"),
            "changes": sorted(self.changes) if self.outcome == "updated" else [],
        }
        return {**item, "diff": self.diff()} if with_diff else item

    def diff(self) -> list[str]:
        """What changes, as a unified diff of YAML."""
        import difflib

        # The server keeps names in an order of its own.
        sort = bool(self.before)
        old = _yaml(self.before, sort=sort)
        new = _yaml(self.changes, sort=sort)
        place = self.document.place
        return list(difflib.unified_diff(old, new, "server", place, lineterm="", n=2))


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
    from mobius.cli.documents import read_documents  # YAML takes its time to load

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
def list_workflows(session: Session, tag: str | None, paging: Paging) -> None:
    """List workflows, newest first."""
    items, whole = paged(session, "workflows", query_of(tag=tag), paging)
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
    if session.out.is_json:
        session.out.document(found)
        return
    session.out.fields({n: v for n, v in found.items() if n != "spec"})
    for line in _yaml({"spec": found["spec"]}):
        session.out.console.print(escape(line), soft_wrap=True, highlight=False)


def _apply(session: Session, document: "Document", *, dry_run: bool) -> Applied:
    verbs = session.client.workflows
    plan = verbs.plan(document.value)
    current: Mapping[str, Any] = plan.current or {}
    before = {name: current[name] for name in plan.changes if name in current}
    workflow = current if dry_run else verbs.apply(document.value)
    return Applied(document, plan.outcome, workflow, before, plan.changes)


def _print(session: Session, done: list[Applied], *, dry_run: bool) -> None:
    items = [one.told(with_diff=dry_run) for one in done]
    lines = [line for item in items for line in _shown(item, dry_run=dry_run)]
    session.out.document({"dry_run": dry_run, "items": items}, lines)


def _shown(item: Mapping[str, Any], *, dry_run: bool) -> Iterator[str]:
    """One definition's outcome, and its diff, as markup."""
    outcome = item["outcome"]
    style = _OUTCOME_STYLES[outcome]
    would = "would be " if dry_run and outcome != "unchanged" else ""
    version = f", version {item['version']}" if item["version"] else ""
    name = escape(str(item["handle"] or item["name"]))
    yield f"[bold]{name}[/bold]: [{style}]{would}{outcome}[/{style}]{version}"
    for line in item.get("diff", ()):
        shade = _DIFF_STYLES.get(line[:1], "default")
        yield f"  [{shade}]{escape(line)}[/{shade}]"


def _yaml(value: Mapping[str, Any], *, sort: bool = False) -> list[str]:
    import yaml

    if not value:
        return []
    text = yaml.safe_dump(dict(value), sort_keys=sort, allow_unicode=True)
    return str(text).splitlines()


def _placed(error: Exception, document: "Document") -> Exception:
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
