"""The example in the package's docstring, as it stands there."""

import textwrap

import pytest

import mobius.sdk
from tests.support.stack import Stack, Tenant


def example() -> str:
    text = mobius.sdk.__doc__ or ""
    lines = [line for line in text.splitlines() if line.startswith("    ") or not line]
    return textwrap.dedent("\n".join(lines))


def test_the_example_runs_as_it_stands(
    stack: Stack,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MOBIUS_BASE_URL", stack.base_url)
    monkeypatch.setenv("MOBIUS_API_KEY", tenant.api_key)
    monkeypatch.setenv("MOBIUS_PROJECT", tenant.project)
    done: dict[str, object] = {}

    exec(example(), done)  # noqa: S102

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "1 run.started"
    assert "progress" in " ".join(printed)
    assert [line.split()[0] for line in printed[:-1]] == [
        str(number) for number in range(1, len(printed))
    ]
    assert printed[-1] == "completed"
    with mobius.sdk.Client() as client:
        run = client.runs.get(done["run"]["id"])  # type: ignore[index]
    assert mobius.sdk.result_of(run) == {"counted": {"words": 3}}
