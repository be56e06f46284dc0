"""Every way of answering, by link."""

from typing import Any

import pytest
from django.test import Client

from apps.identity.models import Principal
from apps.interactions.models import InteractionResponse
from tests.inbox.conftest import CONFIRM, ask
from tests.inbox.test_answering import FORM, MULTI, SELECT, TEXT
from tests.inbox.test_links import link


@pytest.mark.parametrize(
    ("spec", "form", "value"),
    [
        pytest.param(CONFIRM, {"value": "false"}, False, id="confirm"),
        pytest.param(SELECT, {"f": "2"}, "green", id="select"),
        pytest.param(MULTI, {"f": ["3", "1"]}, ["red", "blue"], id="multi_select"),
        pytest.param(TEXT, {"f": "fine"}, "fine", id="text"),
        pytest.param(FORM, {"f:amount": "3"}, {"amount": 3}, id="form"),
    ],
)
def test_every_way_of_answering_works_by_link(
    rita: Principal, spec: Any, form: dict[str, Any], value: Any
) -> None:
    question = ask(rita, spec=spec)
    path = link(question, rita)
    client = Client()
    shown = client.get(path)
    assert shown.status_code == 200

    assert client.post(path, form).status_code == 302

    question.refresh_from_db()
    assert question.status == "completed"
    given = InteractionResponse.objects.get(interaction_id=question.id)
    assert given.channel == "link"
    assert question.value == value
