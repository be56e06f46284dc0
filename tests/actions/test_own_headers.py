"""Headers of custom actions: checked when they are written, filled in when they go."""

from typing import Any

import pytest

from apps.actions.models import CustomAction
from apps.identity.models import Project
from apps.kernel import clock
from apps.runs.models import Run
from apps.secrets.services.create import NewSecret, create_secret
from tests.actions.scenes import make_action
from tests.deliveries.receiver import Receiver
from tests.support.api import Api
from tests.support.factories import make_project
from tests.support.server_actions import run_step

pytestmark = pytest.mark.django_db

TOKEN = "tok-of-the-shop"
NAMED = {"secret": "shop", "key": "token", "prefix": "Bearer "}


def keep(project: Project, receiver: Receiver, **more: str) -> None:
    origin = receiver.url.removesuffix("/hook")
    values = {"token": TOKEN, "allowed_origins": origin, **more}
    create_secret(project.id, NewSecret("shop", values), created_by="", now=clock.now())


def call(api: Api, receiver: Receiver, **headers: Any) -> Run:
    make_action(api, url=receiver.url, headers=headers)
    return run_step(api, "charge", {"amount": 1})


def refusal(api: Api, url: str, headers: Any, **more: Any) -> str:
    """Why an action with these headers is refused; there is none afterwards."""
    body = {"name": "charge", "endpoint_url": url, "headers": headers, **more}
    answer = api.post("actions", body)
    assert answer.status_code == 400, answer.json()
    assert not CustomAction.objects.exists()
    details = answer.json()["details"]
    assert details["path"] == "headers"
    return str(answer.json()["message"])


def test_they_are_sent_with_their_secrets_beside_our_own(
    api: Api, project: Project, receiver: Receiver
) -> None:
    keep(project, receiver)
    run = call(api, receiver, Authorization=NAMED, **{"X-Shop": "12"})

    assert run.status == "completed"
    [got] = receiver.received
    assert got.headers["authorization"] == f"Bearer {TOKEN}"
    assert got.headers["x-shop"] == "12"
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-mobius-signature"]


def test_they_are_shown_as_they_were_written(
    api: Api, project: Project, receiver: Receiver
) -> None:
    keep(project, receiver)
    made = make_action(api, url=receiver.url, headers={"Authorization": NAMED})
    plain = make_action(api, "plain")

    assert made["headers"] == {"Authorization": NAMED}
    assert "headers" not in plain  # strict clients of before do not know it
    cleared = api.patch("actions/charge", {"headers": {}})
    assert "headers" not in cleared.json()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"A": {**NAMED, "secret": "none"}}, "secret none not found"),
        ({"A": {**NAMED, "secret": "shop:2"}}, "version 2 of secret shop not found"),
        ({"A": {**NAMED, "key": "none"}}, "secret shop has no key none"),
        ({"A": {"secret": "shop"}}, ""),
        ({"A": 1}, ""),
        ({"Host": "x"}, "Host cannot be set"),
        ({"Content-Type": "x"}, "Content-Type cannot be set"),
        ({"X-Mobius-Signature": "x"}, "X-Mobius-Signature cannot be set"),
    ],
)
def test_what_cannot_be_sent_is_refused_when_it_is_written(
    api: Api, project: Project, receiver: Receiver, headers: Any, said: str
) -> None:
    keep(project, receiver)

    assert said in refusal(api, receiver.url, headers)


def test_a_secret_goes_only_where_it_says(
    api: Api, project: Project, receiver: Receiver
) -> None:
    keep(project, receiver)
    elsewhere = "https://example.com/do"
    words = refusal(api, elsewhere, {"A": NAMED})
    make_action(api, url=receiver.url, headers={"A": NAMED})

    moved = api.patch("actions/charge", {"endpoint_url": elsewhere})

    assert "may not be sent to https://example.com:443" in words
    assert moved.status_code == 400
    assert CustomAction.objects.get().endpoint_url == receiver.url


def test_a_secret_of_another_project_does_not_exist(
    api: Api, receiver: Receiver
) -> None:
    keep(make_project("globex"), receiver)

    assert "secret shop not found" in refusal(api, receiver.url, {"A": NAMED})


def test_workers_get_no_headers(api: Api) -> None:
    body = {"name": "w", "endpoint_kind": "worker", "headers": {"A": "b"}}
    answer = api.post("actions", body)

    assert answer.status_code == 400
    assert answer.json()["details"]["path"] == "headers"


@pytest.mark.parametrize("after", ["destroyed", "without the key"])
def test_a_secret_that_changed_since_fails_the_call_and_says_why(
    api: Api, project: Project, receiver: Receiver, after: str
) -> None:
    keep(project, receiver)
    make_action(api, url=receiver.url, headers={"A": NAMED})
    if after == "destroyed":
        api.delete("secrets/shop")
    else:
        origin = receiver.url.removesuffix("/hook")
        api.patch("secrets/shop", {"values": {"allowed_origins": origin}})

    run = run_step(api, "charge")

    assert (run.status, run.error_type) == ("failed", "secret_error")
    assert "secret shop" in run.error_message
    assert receiver.received == []


def test_a_value_that_does_not_fit_into_a_header_is_not_sent(
    api: Api, project: Project, receiver: Receiver
) -> None:
    keep(project, receiver, token=" padded ")

    assert "does not fit into a header" in refusal(api, receiver.url, {"A": NAMED})
