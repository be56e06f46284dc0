"""Integrations that are refused, each by the field that is wrong."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from apps.integrations.models import Integration
from tests.integrations.scenes import GMAIL_CONFIG, connect
from tests.integrations.senders import KEY, SECRET
from tests.support.api import Api

Body = dict[str, Any]
HOOK: Body = {"name": "made", "provider": "github", "secret": SECRET}


def gmail(**config: Any) -> Body:
    return {"provider": "gmail", "secret": None, "config": {**GMAIL_CONFIG, **config}}


def keys(*authored: Any) -> Body:
    return gmail(public_keys=list(authored))


PRIVATE_PEM = KEY.as_pem(private=True).decode()
PUBLIC = KEY.as_dict(private=False)
EC_PEM = ECKey.generate_key("P-256").as_pem(private=False).decode()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"name": None}, "name"),
        ({"provider": "trello"}, "provider"),
        ({"provider": None}, "provider"),
        ({"enabled": "yes"}, "enabled"),
        ({"handle": "mine"}, "handle"),
        ({"secret": None}, "secret"),
        ({"secret": ""}, "secret"),
        ({"secret": "x" * 7}, "secret"),
        ({"secret": "x" * 1025}, "secret"),
        ({"secret": 12345678}, "secret"),
        ({"config": []}, "config"),
        ({"config": {"audience": "x"}}, "config.audience"),
        ({**gmail(), "secret": SECRET}, "secret"),
        (gmail(service_account_email=None), "config.service_account_email"),
        (gmail(service_account_email="nobody"), "config.service_account_email"),
        (gmail(audience=7), "config.audience"),
        (gmail(subscription="x" * 513), "config.subscription"),
        (gmail(project="x"), "config.project"),
        (gmail(public_keys="x"), "config.public_keys"),
        (keys(*[PUBLIC] * 11), "config.public_keys"),
        (keys(PUBLIC, "no key"), "config.public_keys[1]"),
        (keys(7), "config.public_keys[0]"),
        (keys({}), "config.public_keys[0]"),
        (keys({"kty": "RSA", "n": "", "e": ""}), "config.public_keys[0]"),
        (keys({"kty": "RSA", "n": 1, "e": []}), "config.public_keys[0]"),
        (keys({**PUBLIC, "n": "x" * 9000}), "config.public_keys[0]"),
        (keys({"kty": "oct", "k": "c2VjcmV0"}), "config.public_keys[0]"),
        (keys(KEY.as_dict(private=True)), "config.public_keys[0]"),
        (keys(PRIVATE_PEM), "config.public_keys[0]"),
        (keys(EC_PEM), "config.public_keys[0]"),
    ],
)
def test_a_malformed_integration_is_refused_by_field(
    api: Api, body: Body, path: str
) -> None:
    answer = api.post("integrations", {**HOOK, **body})

    assert answer.status_code == 400, answer.json()
    assert [one["path"] for one in answer.json()["details"]["fields"]] == [path]
    assert Integration.objects.count() == 0


def test_a_short_key_is_refused(api: Api) -> None:
    with pytest.warns(UserWarning, match="2048"):
        short = RSAKey.generate_key(1024)

    answer = api.post("integrations", {**HOOK, **keys(short.as_dict(private=False))})

    assert answer.json()["details"]["path"] == "config.public_keys[0]"


@pytest.mark.parametrize("body", [[], "text", None])
def test_a_body_that_is_no_object_is_refused(api: Api, body: Any) -> None:
    answer = api.call("post", "integrations", body)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("provider", "body", "path"),
    [
        ("github", {"provider": "linear"}, "provider"),
        ("github", {"name": ""}, "name"),
        ("github", {"secret": ""}, "secret"),
        ("github", {"handle": "mine"}, "handle"),
        ("github", {"config": {"x": 1}}, "config.x"),
        ("gmail", {"secret": SECRET}, "secret"),
        ("gmail", {"config": {}}, "config.service_account_email"),
    ],
)
def test_a_change_is_refused_by_field(
    api: Api, provider: str, body: Body, path: str
) -> None:
    made = connect(api, provider)

    answer = api.patch(f"integrations/{made['id']}", body)

    assert answer.status_code == 400, answer.json()
    assert [one["path"] for one in answer.json()["details"]["fields"]] == [path]
    assert api.get(f"integrations/{made['id']}").json() == made
