"""The tree of errors."""

import pytest

from apps.kernel.errors import Conflict, LeaseLost, MobiusError, NotFound


def test_an_error_carries_a_code_a_message_and_facts() -> None:
    error = NotFound("run run_1 not found", run_id="run_1")

    assert (error.error_code, error.status) == ("not_found", 404)
    assert str(error) == error.message == "run run_1 not found"
    assert error.details == {"run_id": "run_1"}
    assert error.headers == {}


def test_one_case_can_have_a_code_of_its_own_without_changing_the_class() -> None:
    error = Conflict("no", code="external_id_conflict")

    assert error.error_code == "external_id_conflict"
    assert Conflict("no").error_code == "conflict"


def test_a_lost_lease_is_a_conflict_to_those_who_do_not_ask_closer() -> None:
    with pytest.raises(Conflict):
        raise LeaseLost("gone")
    assert LeaseLost("gone").status == 409
    assert issubclass(LeaseLost, MobiusError)
