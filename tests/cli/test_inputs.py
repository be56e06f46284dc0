"""What is read from the command line and from files; what is wrong has a place."""

from pathlib import Path
from typing import Any

import pytest

from mobius.cli.documents import read_documents
from mobius.cli.failures import UsageFailure
from mobius.cli.inputs import merged_inputs, read_object, read_pairs


def test_a_pair_is_text_unless_it_says_json() -> None:
    pairs = ["version=4.2", "n:=4", "deep.er=x", "deep.list:=[1, true]", "empty="]

    assert read_pairs(pairs, "--input") == {
        "version": "4.2",
        "n": 4,
        "deep": {"er": "x", "list": [1, True]},
        "empty": "",
    }


@pytest.mark.parametrize(
    "pairs",
    [["novalue"], ["=x"], ["a=1", "a=2"], ["a=1", "a.b=2"], ["a:=NaN"], ["a..b=1"]],
)
def test_a_pair_that_is_none_is_named(pairs: list[str]) -> None:
    with pytest.raises(UsageFailure, match="--input"):
        read_pairs(pairs, "--input")


def test_pairs_go_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "inputs.json"
    file.write_text('{"a": 1, "b": {"c": 2}}')

    assert merged_inputs(["a=x"], str(file)) == {"a": "x", "b": {"c": 2}}
    assert merged_inputs([], None) is None


def test_yaml_is_read_as_json_would_be(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text("at: 2026-11-27T10:00:00Z\nday: 2026-11-27\nn: 1.5\nno: null\n")

    with pytest.raises(UsageFailure, match=r"flow.yaml:4:1: expected a name"):
        read_object(str(file))  # YAML takes "no" for false

    file.write_text(file.read_text().replace("no:", '"no":'))
    assert read_object(str(file)) == {
        "at": "2026-11-27T10:00:00Z",
        "day": "2026-11-27",
        "n": 1.5,
        "no": None,
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nsteps:\n  - {name: a\n  b: [", "flow.yaml:4:4: expected ','"),
        ("name: x\nname: y\n", "flow.yaml:2:1: name is given twice"),
        ("a: .nan\n", "flow.yaml:1: nan is not a value of JSON"),
        ("- a: 1\n- 2\n", "flow.yaml:2: expected an object"),
        ("{,}", "flow.yaml:1:2"),
        ("# nothing\n", "flow.yaml: expected at least one object"),
        ("a: !!python/object:os.system {}\n", "flow.yaml:1:4"),
        ("a: 1\n---\nb: 2\n", "flow.yaml: expected one object, found 2"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flow.yaml").write_text(text)

    with pytest.raises(UsageFailure) as failed:
        read_object("flow.yaml")

    assert failed.value.message.startswith(told)


def test_anchors_cannot_make_a_small_file_huge(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))

    with pytest.raises(UsageFailure, match="more than 200000 values"):
        read_object(str(tmp_path / "bomb.yaml"))


@pytest.mark.parametrize(
    ("path", "line"),
    [("steps[1].name", 6), ("steps[1].next[0].step", 5), ("steps", 3), ("nope", 2)],
)
def test_a_part_of_a_document_knows_its_line(
    path: str, line: int, tmp_path: Path
) -> None:
    text = "# flow\nname: x\nsteps:\n  - name: a\n  - action: b\n    name: a\n"
    (tmp_path / "flow.yaml").write_text(text)

    document, *more = read_documents(str(tmp_path / "flow.yaml"))

    assert document.place_of(path).endswith(f"flow.yaml:{line}")
    assert more == []


def test_several_files_may_be_one(tmp_path: Path) -> None:
    (tmp_path / "many.yaml").write_text("a: 1\n---\n- b: 2\n- c: 3\n---\n")

    found: list[Any] = [d.value for d in read_documents(str(tmp_path / "many.yaml"))]

    assert found == [{"a": 1}, {"b": 2}, {"c": 3}]
