"""Values: sealed in the table, opened for the server alone."""

import re
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from apps.identity.models import Project
from apps.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from apps.secrets.cipher import checked_keys
from apps.secrets.models import Secret, SecretVersion
from apps.secrets.selectors import read_values
from tests.secrets.conftest import Create
from tests.support.api import Api
from tests.support.factories import make_project

pytestmark = pytest.mark.django_db


def new_key() -> str:
    return Fernet.generate_key().decode()


def sealed_rows() -> list[str]:
    return list(SecretVersion.objects.order_by("id").values_list("sealed", flat=True))


def test_the_server_reads_what_was_written(create: Create, project: Project) -> None:
    made = create(token="hunter2", user="ünï")

    found = read_values(project.id, "callbacks")

    assert (found.name, found.version) == ("callbacks", 1)
    assert found.values == {"token": "hunter2", "user": "ünï"}
    assert read_values(project.id, made["id"]).values == found.values
    assert read_values(project.id, "callbacks:1") == found
    assert "hunter2" not in repr(found)


def test_the_table_does_not_hold_a_value_in_the_clear(create: Create) -> None:
    create(token="hunter2")

    row = SecretVersion.objects.values().get()
    assert not re.search("hunter2", str(row))
    assert row["sealed"].startswith("gAAAA")


def test_a_rotation_moves_the_name_and_shuts_the_old_version(
    create: Create, api: Api, project: Project
) -> None:
    create(token="old")
    api.patch("secrets/callbacks", {"values": {"token": "new"}})

    assert read_values(project.id, "callbacks").values == {"token": "new"}
    assert read_values(project.id, "callbacks:2").version == 2
    with pytest.raises(Conflict, match="version 1 of secret callbacks is disabled"):
        read_values(project.id, "callbacks:1")


def test_what_was_destroyed_cannot_be_read(
    create: Create, api: Api, project: Project
) -> None:
    create()
    api.delete("secrets/callbacks")

    for ref in ("callbacks", "callbacks:1"):
        with pytest.raises(NotFound):
            read_values(project.id, ref)


def test_a_destroyed_version_of_a_present_secret_cannot_be_read(
    create: Create, project: Project
) -> None:
    create()
    SecretVersion.objects.update(state="DESTROYED", sealed="")

    with pytest.raises(Conflict, match="is destroyed"):
        read_values(project.id, "callbacks")


@pytest.mark.parametrize("ref", ["", "other", "callbacks:2", "callbacks:0", ":1"])
def test_a_reference_to_nothing_is_not_found(
    create: Create, project: Project, ref: str
) -> None:
    create()

    with pytest.raises(NotFound):
        read_values(project.id, ref)


@pytest.mark.parametrize("ref", ["callbacks:", "callbacks:x", "callbacks:1:1"])
def test_a_version_that_is_no_number_is_invalid(
    create: Create, project: Project, ref: str
) -> None:
    create()

    with pytest.raises(Invalid):
        read_values(project.id, ref)


def test_another_projects_secret_is_not_found(create: Create) -> None:
    made = create()
    other = make_project("globex")

    for ref in ("callbacks", made["id"]):
        with pytest.raises(NotFound):
            read_values(other.id, ref)


def test_values_moved_to_another_row_do_not_open(
    create: Create, api: Api, project: Project
) -> None:
    create("one", token="first")
    create("two", token="second")
    stolen = SecretVersion.objects.get(secret__name="one").sealed
    SecretVersion.objects.filter(secret__name="two").update(sealed=stolen)

    with pytest.raises(Unavailable, match="another one's"):
        read_values(project.id, "two")


def test_the_first_key_seals_and_all_open(
    create: Create, project: Project, settings: LazySettings
) -> None:
    create("derived", token="d")
    old, new = new_key(), new_key()
    settings.SECRETS_KEYS = [old]
    create("older", token="o")
    settings.SECRETS_KEYS = [new, old]
    create("newer", token="n")

    found = [read_values(project.id, n).values["token"] for n in ("derived", "older")]
    assert found == ["d", "o"]
    assert Fernet(new).decrypt(sealed_rows()[2].encode())

    settings.SECRETS_KEYS = [new]
    with pytest.raises(Unavailable, match="cannot be opened"):
        read_values(project.id, "older")


def test_resealing_lets_an_old_key_go(
    create: Create, api: Api, project: Project, settings: LazySettings
) -> None:
    old, new = new_key(), new_key()
    settings.SECRETS_KEYS = [old]
    create("kept", token="k")
    create("gone")
    api.delete("secrets/gone")
    settings.SECRETS_KEYS = [new, old]
    told = StringIO()

    call_command("reseal_secrets", stdout=told)

    settings.SECRETS_KEYS = [new]
    assert read_values(project.id, "kept").values == {"token": "k"}
    assert told.getvalue() == "1 versions are sealed with the first key\n"
    assert sorted(bool(one) for one in sealed_rows()) == [False, True]


def test_resealing_stops_at_what_it_cannot_open(
    create: Create, settings: LazySettings
) -> None:
    settings.SECRETS_KEYS = [new_key()]
    create()
    before = sealed_rows()
    settings.SECRETS_KEYS = [new_key()]

    with pytest.raises(CommandError):
        call_command("reseal_secrets")
    assert sealed_rows() == before


def test_a_wrong_key_is_named_by_its_place_at_boot() -> None:
    good = new_key()

    assert checked_keys([good]) == [good]
    with pytest.raises(ImproperlyConfigured, match="key 2 of 2") as refused:
        checked_keys([good, "nearly-a-key"])
    assert "nearly" not in str(refused.value)


def test_the_pages_of_the_admin_show_no_value(create: Create, api: Api) -> None:
    create(token="hunter2")
    api.patch("secrets/callbacks", {"values": {"token": "hunter3"}})
    chief = Client()
    chief.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    sealed = sealed_rows()

    for model, name in ((Secret, "secret"), (SecretVersion, "secretversion")):
        row = model.objects.all()[0]
        pages = [
            reverse(f"admin:secrets_{name}_changelist"),
            reverse(f"admin:secrets_{name}_change", args=[row.pk]),
        ]
        for page in pages:
            answer = chief.get(page)
            text = answer.content.decode()
            assert answer.status_code == 200
            assert "hunter" not in text
            assert not any(one in text for one in sealed)
        assert chief.post(pages[1], {"name": "x"}).status_code == 403
