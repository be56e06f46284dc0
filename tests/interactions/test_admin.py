"""The admin pages of questions."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from apps.identity.models import Principal
from tests.interactions.conftest import Ask


@pytest.fixture
def chief(db: None) -> Client:
    """Somebody who may see everything on the pages."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "", "secret-secret"))
    return client


def test_questions_are_listed_filtered_and_shown_and_never_edited(
    chief: Client, ask: Ask, rita: Principal
) -> None:
    row = ask()
    listing = reverse("admin:interactions_interaction_changelist")
    page = reverse("admin:interactions_interaction_change", args=[row.id])

    listed = chief.get(listing, {"status__exact": "pending", "q": rita.id})
    shown = chief.get(page)

    assert listed.status_code == shown.status_code == 200
    assert row.id in listed.content.decode()
    for app, model, pk in (
        ("runs", "run", "run_1"),
        ("identity", "principal", rita.id),
    ):
        link = reverse(f"admin:{app}_{model}_change", args=[pk])
        assert link in shown.content.decode()
    assert chief.post(page, {"status": "completed"}).status_code == 403
