"""``manage.py workflows``."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from apps.identity.models import Project
from apps.workflows.files import read_workflows
from apps.workflows.models import Workflow, WorkflowVersion
from apps.workflows.selectors import latest_body
from tests.support.api import Api
from tests.workflows.conftest import spec_of

BARE = """\
name: Ingest document
steps:
  - name: parse
    action: doc.parse
"""

TWO = """\
name: Ingest
handle: ingest
description: Reads documents
tags: {team: docs}
spec:
  name: ingest
  steps:
    - {name: parse, action: doc.parse}
---
name: Publish
spec:
  name: publish
  steps:
    - {name: publish, action: doc.publish}
"""


def run(*words: str) -> str:
    out = StringIO()
    call_command("workflows", *words, stdout=out)
    return out.getvalue()


def apply(path: Path) -> str:
    return run("apply", str(path), "--project", "acme")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "workflow.yaml"


@pytest.mark.usefixtures("project")
def test_a_bare_spec_is_created_then_unchanged_then_updated(file: Path) -> None:
    file.write_text(BARE)

    assert apply(file) == "ingest-document: created\n"
    assert apply(file) == "ingest-document: unchanged\n"
    file.write_text(BARE.replace("doc.parse", "doc.read"))
    assert apply(file) == "ingest-document: updated (version 2)\n"

    workflow = Workflow.objects.get()
    assert latest_body(workflow)["steps"][0]["action"] == "doc.read"
    assert workflow.created_by == "operator"


@pytest.mark.usefixtures("project")
def test_a_file_may_hold_several_definitions(file: Path) -> None:
    file.write_text(TWO)

    assert apply(file) == "ingest: created\npublish: created\n"

    ingest = Workflow.objects.get(handle="ingest")
    assert ingest.description == "Reads documents"
    assert ingest.tags == {"team": "docs"}


@pytest.mark.usefixtures("project")
def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps({"name": "Ingest", "spec": spec_of("a")}))

    assert apply(path) == "ingest: created\n"


@pytest.mark.usefixtures("project")
def test_a_handle_finds_its_workflow_though_the_name_changed(file: Path) -> None:
    file.write_text(TWO)
    apply(file)
    file.write_text(TWO.replace("name: Ingest\n", "name: Take in\n"))

    assert apply(file) == "publish: unchanged\ningest: updated (version 1)\n"
    assert Workflow.objects.get(handle="ingest").name == "Take in"


@pytest.mark.usefixtures("project")
def test_every_problem_of_every_document_is_listed_and_nothing_is_done(
    file: Path,
) -> None:
    broken = TWO.replace("action: doc.publish", "acton: doc.publish")
    file.write_text(broken.replace("handle: ingest", "handel: ingest"))

    with pytest.raises(CommandError) as refused:
        apply(file)

    lines = str(refused.value).splitlines()
    assert "document 1: handel: unknown field" in lines
    assert any(line.startswith("document 2: spec.steps[0].acton") for line in lines)
    assert refused.value.returncode == 1
    assert Workflow.objects.count() == 0


def test_a_conflict_undoes_the_whole_file(file: Path, api: Api) -> None:
    taken = {"name": "Zebra", "spec": spec_of("a")}
    api.post("workflows", taken)
    rename = TWO.replace("name: Publish", "name: Zebra\nhandle: publish")
    file.write_text(rename)

    with pytest.raises(CommandError, match="Zebra exists already"):
        apply(file)

    assert [row.name for row in Workflow.objects.all()] == ["Zebra"]


@pytest.mark.usefixtures("project")
def test_one_workflow_cannot_be_defined_twice_in_a_file(file: Path) -> None:
    file.write_text(f"{BARE}---\n{BARE}")

    with pytest.raises(CommandError, match="two definitions"):
        apply(file)

    assert WorkflowVersion.objects.count() == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected 1 to 100 documents"),
        ("name: [", "while parsing"),
        ("just text", "expected a JSON object"),
        ("name: a\nname: b\nsteps: []", "name is given twice"),
        ("name: a\nsteps: []\n1: x", "put it in quotes"),
        ("name: a\nsteps: []\nstate: {n: .inf}", "state.n: expected a JSON value"),
        ("name: a\nsteps: !!set {a, b}", "steps: expected"),
        ("name: a\nsteps: !!python/object:os.system x", "could not determine"),
        ("name: a\nsteps: []", "spec.steps"),
    ],
)
def test_a_file_that_is_no_definition_is_explained(
    file: Path, text: str, message: str
) -> None:
    file.write_text(text)

    with pytest.raises(CommandError) as refused:
        run("check", str(file))

    assert message in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nothing\.yaml"):
        run("check", str(tmp_path / "nothing.yaml"))


def test_a_small_file_that_unfolds_to_a_huge_one_is_refused(file: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for n in range(1, 9):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]")
    file.write_text(
        "\n".join(["name: n", "steps: []", "state:", *("  " + x for x in lines)])
    )

    with pytest.raises(CommandError, match="more than 200000 values"):
        run("check", str(file))


def test_instants_and_words_of_yaml_stay_what_json_knows(file: Path) -> None:
    file.write_text(f"{BARE}state: {{on: 2026-01-31, when: 2026-01-31T12:00:00Z}}\n")

    with pytest.raises(CommandError, match="put it in quotes"):
        run("check", str(file))
    file.write_text(f"{BARE}state: {{day: 2026-01-31}}\n")
    assert read_workflows(file)[0].spec["state"] == {"day": "2026-01-31"}


def test_check_says_what_is_good_without_a_project(file: Path) -> None:
    file.write_text(TWO)

    assert (
        run("check", str(file)) == "Ingest: good, steps: 1\nPublish: good, steps: 1\n"
    )


@pytest.mark.usefixtures("project")
def test_what_show_prints_can_be_applied_again(file: Path, tmp_path: Path) -> None:
    file.write_text(TWO)
    apply(file)
    shown = run("show", "ingest", "--project", "acme")
    again: Any = yaml.safe_load(shown)
    file.write_text(shown)

    assert again["tags"] == {"team": "docs"}
    assert apply(file) == "ingest: unchanged\n"


def test_list_prints_one_line_per_workflow(file: Path, project: Project) -> None:
    file.write_text(TWO)
    apply(file)

    lines = run("list", "--project", project.id).splitlines()

    assert [line.split() for line in lines] == [
        ["ingest", "v1", "Ingest"],
        ["publish", "v1", "Publish"],
    ]


@pytest.mark.django_db
def test_a_project_that_is_not_there_is_named(file: Path) -> None:
    file.write_text(BARE)

    with pytest.raises(CommandError, match="project acme not found"):
        apply(file)
