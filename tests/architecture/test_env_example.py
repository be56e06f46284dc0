"""``deploy/env.example`` and the code name the same variables, with one default."""

import ast
import re
from collections.abc import Iterator

import pytest

from mobius.local.environment import ROOT

EXAMPLE = ROOT / "deploy" / "env.example"
NAME = re.compile(r"\bMOBIUS_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
ASSIGNMENT = re.compile(r"#?([A-Z][A-Z0-9_]*)=(.*)")
READERS = {"text", "secret", "number", "whole", "days", "flag", "listing"}
#: Not ours to name, but set in the example.
FOREIGN = {
    *("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FORWARDED_ALLOW_IPS"),
    "OTEL_EXPORTER_OTLP_ENDPOINT",
}
CODE = ("mobius/**/*.py", "apps/**/*.py", "manage.py", "docker-compose.yml")
DEPLOYMENT = ("deploy/*.py", "deploy/**/*.sh", "deploy/k8s/**/*.*", "deploy/Dockerfile")


def named_in_code() -> set[str]:
    """Every variable that a program or a manifest names."""
    return {
        name
        for pattern in (*CODE, *DEPLOYMENT)
        for path in ROOT.glob(pattern)
        for name in NAME.findall(path.read_text())
    }


def entries() -> dict[str, tuple[str, str]]:
    """Variable -> (value in the example, the comment above it)."""
    found: dict[str, tuple[str, str]] = {}
    comment: list[str] = []
    for line in EXAMPLE.read_text().splitlines():
        assignment = ASSIGNMENT.fullmatch(line)
        if assignment:
            assert assignment[1] not in found, f"{assignment[1]} stands twice"
            found[assignment[1]] = (assignment[2], " ".join(comment))
        elif line.startswith("# ") and not line.startswith("# ---"):
            comment.append(line[2:])
        else:
            comment = []
    return found


def defaults_in_settings() -> Iterator[tuple[str, str]]:
    """(variable, default as text) of every literal default in the settings."""
    for name in ("base.py", "production.py"):
        tree = ast.parse((ROOT / "mobius" / "settings" / name).read_text())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in READERS
                and isinstance(node.args[0], ast.Constant)
            ):
                default = literal(node.args[1]) if len(node.args) > 1 else ""
                if default is not None:
                    yield str(node.args[0].value), as_text(default)


def literal(node: ast.expr) -> str | float | bool | None:
    """The value of a constant or a product of constants; None for anything else."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = literal(node.left), literal(node.right)
        assert isinstance(left, int | float)
        assert isinstance(right, int | float)
        return left * right
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return node.value
    return None


def as_text(value: str | float | bool) -> str:
    """How the example writes a value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_every_variable_the_code_names_is_in_the_example() -> None:
    assert named_in_code() - set(entries()) == set()


def test_every_variable_of_the_example_is_named_in_the_code() -> None:
    assert set(entries()) - FOREIGN - named_in_code() == set()


@pytest.mark.parametrize(("name", "default"), sorted(defaults_in_settings()))
def test_the_example_shows_the_default_of_the_settings(name: str, default: str) -> None:
    assert entries()[name][0] == default


@pytest.mark.parametrize("name", sorted(entries()))
def test_every_variable_is_explained(name: str) -> None:
    assert len(entries()[name][1]) > 20


@pytest.mark.parametrize(
    ("part", "unit"), [("SECONDS", "seconds"), ("BYTES", "bytes"), ("RATE", "a minute")]
)
def test_quantities_are_explained_with_their_unit(part: str, unit: str) -> None:
    quantities = {n: words for n, (_, words) in entries().items() if part in n}

    assert quantities
    assert [name for name, words in quantities.items() if unit not in words] == []


def test_only_the_secrets_wait_to_be_filled_in() -> None:
    lines = EXAMPLE.read_text().splitlines()
    open_lines = [line for line in lines if line and not line.startswith("#")]

    assert open_lines == ["MOBIUS_SECRET_KEY=", "POSTGRES_PASSWORD=", "REDIS_PASSWORD="]
