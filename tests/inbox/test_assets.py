"""The style and the script: colours that can be read, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from apps import inbox

FILES = Path(inbox.__file__).parent / "static" / "inbox"
TEMPLATES = Path(inbox.__file__).parent / "templates" / "inbox"
STYLE = (FILES / "inbox.css").read_text()
#: What is written in a colour, on which ground.
PAIRS = [
    *(("ink", ground) for ground in ("ground", "paper", "sunk", "accent-sunk")),
    *(("soft", ground) for ground in ("ground", "paper", "sunk", "accent-sunk")),
    *(("accent", ground) for ground in ("ground", "paper", "accent-sunk")),
    *(("good", ground) for ground in ("paper", "good-sunk")),
    *(("bad", ground) for ground in ("paper", "ground", "bad-sunk")),
    *(("warn", ground) for ground in ("warn-sunk",)),
    ("on-accent", "accent"),
    ("on-good", "good"),
    ("on-bad", "bad"),
]


def colours() -> dict[str, dict[str, str]]:
    """The two sets of colours; the dark one replaces some of the light one."""
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    )
    return {"light": light, "dark": {**light, **dark}}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(scheme: str) -> None:
    chosen = colours()[scheme]
    faint = []
    for text, ground in PAIRS:
        darker, lighter = sorted(luminance(chosen[name]) for name in (text, ground))
        contrast = (lighter + 0.05) / (darker + 0.05)
        if contrast < 4.5:
            faint.append(f"{text} on {ground}: {contrast:.2f}")

    assert faint == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_edge_of_a_field_can_be_seen(scheme: str) -> None:
    chosen = colours()[scheme]
    darker, lighter = sorted(
        luminance(chosen[name]) for name in ("line-strong", "paper")
    )

    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_pages_hold_no_script_or_style_of_their_own() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = template.read_text()
        assert not re.search(r"\son\w+=|\sstyle=|<style", text), template.name
        assert not re.search(r"<script(?! type=\"module\" src=)", text), template.name
        assert "|safe" not in text, template.name


def test_nothing_comes_from_elsewhere() -> None:
    for file in [*FILES.iterdir(), *TEMPLATES.iterdir()]:
        assert "//" not in file.read_text().replace("// ", ""), file.name


def test_who_wants_no_motion_gets_none() -> None:
    assert "prefers-reduced-motion: reduce" in STYLE
