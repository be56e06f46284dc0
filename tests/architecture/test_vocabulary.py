"""The house keeps its own rules: names, sizes, charters, words."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for folder in ("apps", "mobius", "tests", "deploy")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
APPS = sorted(path.parent for path in (ROOT / "apps").glob("*/__init__.py"))

#: Names that say nothing about what is inside.
NAMELESS = {"utils", "util", "helpers", "common", "misc", "manager", "signals"}
#: ``base`` is what Django's own documents call the settings that others import.
BASE_ALLOWED = {"mobius/settings/base.py"}
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
TOP_LEVEL = {
    *("manage.py", "pyproject.toml", "README.md", "mobius", "apps", "tests"),
    *("deploy", "docker-compose.yml"),
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_have_telling_names_and_fit_in_the_head() -> None:
    faults = []
    for path in CODE:
        if path.stem in NAMELESS:
            faults.append(f"{name_of(path)}: a name that says nothing")
        if path.stem == "base" and name_of(path) not in BASE_ALLOWED:
            faults.append(f"{name_of(path)}: a name that says nothing")
        lines = len(path.read_text().splitlines())
        if lines > FILE_LINES_MAX:
            faults.append(f"{name_of(path)}: {lines} lines")

    assert faults == []


def test_functions_fit_on_a_screen() -> None:
    faults = []
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    faults.append(f"{name_of(path)}: {node.name} has {lines} lines")

    assert faults == []


@pytest.mark.parametrize("app", APPS, ids=name_of)
def test_every_app_has_a_charter(app: Path) -> None:
    charter = ast.get_docstring(ast.parse((app / "__init__.py").read_text())) or ""

    assert all(word in charter for word in ("Owns", "Imports", "Promises"))


def test_public_functions_and_classes_say_what_they_promise() -> None:
    silent = [
        f"{name_of(path)}: {node.name}"
        for path in CODE
        if "apps" in path.parts
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]

    assert silent == []


def test_the_visible_top_level_is_the_design_card() -> None:
    seen = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}

    assert seen - {"__pycache__"} == TOP_LEVEL


#: What could call somebody else's server. One file may; ``mobius.local`` is no part of
#: the system that serves others.
CALLERS = {
    *("httpx2", "httpcore2", "httpx", "requests", "urllib.request", "urllib3"),
    *("http.client", "aiohttp", "ftplib", "socket"),
}
MAY_CALL = {"apps/deliveries/client.py", "apps/deliveries/addresses.py"}


def test_one_client_makes_every_outgoing_call() -> None:
    faults = []
    for path in CODE:
        if not name_of(path).startswith("apps/") or name_of(path) in MAY_CALL:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                names.append(node.module)
            faults += [f"{name_of(path)}: {name}" for name in names if name in CALLERS]

    assert faults == []
