"""The README and the runbook promise tests; they exist."""

import re

import pytest

from mobius.local.environment import ROOT

README = (ROOT / "README.md").read_text()
RUNBOOK = (ROOT / "deploy" / "README.md").read_text()
LIMITS = re.findall(r"\]\(\.\./(tests/[^\s)]+\.py) \"(test_\w+)\"\)", RUNBOOK)
LINKS = re.findall(r"\]\((tests/[^\s)]+\.py) \"(test_\w+)\"\)", README)
FILES = re.findall(r"\]\(((?:apps|deploy|tests)/[^\s)]+)", README)


def test_the_matrix_of_people_in_the_loop_is_there() -> None:
    assert len(LINKS) >= 70


def test_every_setting_that_is_a_limit_is_in_the_table_of_limits() -> None:
    example = (ROOT / "deploy" / "env.example").read_text()
    limits = set(re.findall(r"MOBIUS_(?:RATE_LIMIT_\w+|\w+_BYTES_MAX)", example))
    rows = [line for line in RUNBOOK.splitlines() if "(../tests/" in line]

    assert len(rows) >= 27
    assert [name for name in limits if not any(name in row for row in rows)] == []


@pytest.mark.parametrize(("path", "name"), sorted({*LINKS, *LIMITS}))
def test_a_test_that_the_readme_names_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text()

    assert re.search(rf"^ *(async )?def {name}\(", source, re.MULTILINE), path


@pytest.mark.parametrize("path", sorted(set(FILES)))
def test_a_file_that_the_readme_names_exists(path: str) -> None:
    assert (ROOT / path).exists()
