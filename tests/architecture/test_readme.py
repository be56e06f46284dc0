"""The README promises tests; they exist."""

import re

import pytest

from mobius.local.environment import ROOT

README = (ROOT / "README.md").read_text()
LINKS = re.findall(r"\]\((tests/[^\s)]+\.py) \"(test_\w+)\"\)", README)
FILES = re.findall(r"\]\(((?:apps|deploy|tests)/[^\s)]+)", README)


def test_the_matrix_of_people_in_the_loop_is_there() -> None:
    assert len(LINKS) >= 70


@pytest.mark.parametrize(("path", "name"), sorted(set(LINKS)))
def test_a_test_that_the_readme_names_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text()

    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), path


@pytest.mark.parametrize("path", sorted(set(FILES)))
def test_a_file_that_the_readme_names_exists(path: str) -> None:
    assert (ROOT / path).exists()
