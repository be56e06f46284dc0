"""The form of a question: one field per way of answering, many for a JSON Schema."""

from dataclasses import dataclass, field
from typing import Any, Final

from apps.inbox.fields import (
    Choice,
    Field,
    Fieldset,
    Posted,
    as_text,
    place,
)
from apps.inbox.reading import ABSENT, Unreadable
from apps.inbox.schema_form import fieldset_of, is_whole
from apps.interactions.answers import Mode, answer_problems, default_spec
from apps.interactions.models import Interaction

COMMENT_MAX: Final = 10_000
#: Options up to this number have a key of their own.
KEYS_MAX: Final = 9


@dataclass(slots=True)
class AnswerForm:
    """What somebody is asked to fill in, what they did, and what is wrong with it."""

    mode: Mode
    spec: dict[str, Any]
    body: Fieldset
    comment: str = ""
    #: Problems that belong to no single field.
    problems: list[str] = field(default_factory=list)
    #: True or false when one of the two buttons is suggested.
    suggested: bool | None = None

    @property
    def only(self) -> Field:
        """Return the field of a form that has one."""
        found = self.body.members[0]
        assert isinstance(found, Field), "only a schema makes fieldsets"
        return found

    @property
    def has_problems(self) -> bool:
        """Say whether something has to be put right."""
        return bool(self.problems) or any(one.problem for one in self.body.fields())

    @property
    def wrong(self) -> list[Field]:
        """Return the fields with problems, in their order on the page."""
        return [one for one in self.body.fields() if one.problem]

    def read(self, data: Posted) -> Any:
        """Return the answer that was sent; ABSENT when it has problems, which are then
        at their fields."""
        self.comment = str(data.get("comment", "")).replace("\r\n", "\n")
        if len(self.comment) > COMMENT_MAX or "\x00" in self.comment:
            self.problems.append(f"comment: expected at most {COMMENT_MAX} characters")
        if self.mode is Mode.CONFIRM:
            value = {"true": True, "false": False}.get(data.get("value", ""), ABSENT)
            if value is ABSENT:
                self.problems.append("choose Approve or Reject")
        else:
            self.body.take(data)
            value = self._value()
        if self.has_problems:
            # What could be read is judged as well, so that all is put right at once.
            if value is not ABSENT and self.mode is Mode.FORM:
                place(self.body.fields(), answer_problems(value, self.spec))
            return ABSENT
        self.judge(value)
        return ABSENT if self.has_problems else value

    def judge(self, value: Any) -> None:
        """Note at the fields what keeps ``value`` from being an answer."""
        self.place(answer_problems(value, self.spec))

    def place(self, problems: list[tuple[str, str]]) -> None:
        """Put problems at the fields they name, the others above the form."""
        if self.mode is not Mode.FORM or is_whole(self.body):
            fields = self.body.fields()
            if fields and not fields[0].problem:
                texts = [f"{path}: {text}" if path else text for path, text in problems]
                fields[0].problem = "; ".join(texts)
            elif not fields:
                self.problems += [text for _, text in problems]
            return
        self.problems += place(self.body.fields(), problems)

    def _value(self) -> Any:
        if self.mode is Mode.FORM and not is_whole(self.body):
            return self.body.value()
        try:
            return self.only.value()
        except Unreadable as problem:
            self.only.problem = str(problem)
            return ABSENT


def form_for(interaction: Interaction) -> AnswerForm:
    """Return the empty form of a question, with its defaults filled in."""
    spec = dict(interaction.spec or default_spec(interaction.type))
    mode = Mode(spec["mode"])
    if mode is Mode.FORM:
        return AnswerForm(mode, spec, fieldset_of(spec.get("schema") or {}))
    if mode is Mode.CONFIRM:
        suggested = spec.get("default_confirmed")
        suggested = suggested if isinstance(suggested, bool) else None
        return AnswerForm(mode, spec, Fieldset("", ""), suggested=suggested)
    choices = _choices(spec)
    if mode is Mode.MULTI_SELECT or (mode is Mode.SELECT and choices):
        return AnswerForm(mode, spec, Fieldset("", "", members=[_chooser(mode, spec)]))
    kind = "textarea" if spec.get("multiline") else "text"
    only = Field(
        "",
        "",
        kind,
        label="Your answer",
        required=True,
        placeholder=as_text(spec.get("placeholder")),
        text=as_text(spec.get("default_text") or spec.get("default_value")),
    )
    return AnswerForm(mode, spec, Fieldset("", "", members=[only]))


def _chooser(mode: Mode, spec: dict[str, Any]) -> Field:
    many = mode is Mode.MULTI_SELECT
    choices = _choices(spec)
    given = spec.get("default_values") if many else [spec.get("default_value")]
    return Field(
        "",
        "",
        "checkboxes" if many else "radios",
        label="Choose any" if many else "Choose one",
        required=True,
        choices=choices,
        chosen=[choice.key for choice in choices if choice.value in (given or ())],
    )


def _choices(spec: dict[str, Any]) -> list[Choice]:
    return [
        Choice(
            key=str(number),
            value=option["value"],
            label=as_text(option.get("label")) or as_text(option["value"]),
            description=as_text(option.get("description")),
            number=number if number <= KEYS_MAX else 0,
        )
        for number, option in enumerate(spec.get("options") or (), start=1)
    ]
