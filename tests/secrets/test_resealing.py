"""A new key of the server: everything sealed is sealed anew, in however many goes."""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.conf import LazySettings

from apps.actions.models import CustomAction
from apps.integrations.models import Integration
from apps.secrets import cipher
from apps.secrets.cipher import unseal
from apps.secrets.fields import sealed_columns
from apps.secrets.models import SecretVersion
from apps.secrets.services import reseal
from apps.secrets.services.reseal import reseal_secrets
from apps.triggers.models import Trigger
from tests.actions.scenes import make_action
from tests.integrations.scenes import connect
from tests.support.api import Api
from tests.triggers.scenes import create as create_trigger
from tests.webhooks.scenes import hook

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def kept(transactional_db: None, api: Api, settings: LazySettings) -> None:
    """Something sealed with the old key in every table that seals."""
    settings.SECRETS_KEYS = [OLD]
    for name in ("a", "b", "c"):
        api.post("secrets", {"name": name, "values": {"token": f"token-{name}"}})
    api.patch("secrets/a", {"values": {"token": "token-newer"}})
    hook(api)
    connect(api)
    make_action(api)
    create_trigger(api, "http", webhook_secret="of-the-trigger")


def sealed() -> Iterator[tuple[str, str]]:
    """Row and sealed text, of all tables."""
    for model, column in sealed_columns():
        rows: Any = model._default_manager.exclude(**{column: ""})
        yield from rows.values_list("pk", column)


def is_sealed_with(key: str, text: str) -> bool:
    try:
        Fernet(key).decrypt(text.encode())
    except InvalidToken:
        return False
    return True


def opened() -> dict[str, dict[str, str]]:
    """What the server reads with the keys that it has now."""
    return {id_: unseal(id_, text) for id_, text in sealed()}


def test_a_rotation_that_is_interrupted_loses_nothing_and_is_taken_up(
    kept: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = opened()
    tables = {model for model, _ in sealed_columns()}
    assert tables == {SecretVersion, CustomAction, Integration, Trigger}
    assert len(before) == 8
    settings.SECRETS_KEYS = [NEW, OLD]
    monkeypatch.setattr(reseal, "BATCH", 2)
    calls = iter(range(100))

    def dies_at_the_fourth(text: str) -> str:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return cipher.reseal(text)

    with monkeypatch.context() as patched:
        patched.setattr(reseal, "reseal", dies_at_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            reseal_secrets()

    # The first batch is sealed anew, the second as it was, and all can be read.
    assert sum(is_sealed_with(NEW, text) for _, text in sealed()) == 2
    assert opened() == before

    assert reseal_secrets() == len(before)

    settings.SECRETS_KEYS = [NEW]
    assert opened() == before
    assert all(is_sealed_with(NEW, text) for _, text in sealed())
    assert not any(is_sealed_with(OLD, text) for _, text in sealed())
