"""``manage.py keys``: issue, list and revoke API keys from the server's console."""

import re
from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.identity import selectors
from apps.identity.actor import OPERATOR
from apps.identity.keyrings import Keyring
from apps.identity.minting import IssuedKey
from apps.identity.models import ApiKey
from apps.identity.services.issue_key import NewKey, issue_key
from apps.identity.services.issue_organization_key import (
    DEFAULT_ROLE,
    ROLES,
    NewOrganizationKey,
    issue_organization_key,
)
from apps.identity.services.revoke_key import revoke_key
from apps.kernel import clock
from apps.kernel.errors import MobiusError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS_MAX = 3650


class Command(BaseCommand):
    """The operator of the server may issue a key for anybody."""

    help = "Issue, list and revoke API keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the three verbs and their options."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        issue = verbs.add_parser("issue", help="print a new key, this once")
        issue.add_argument("--principal", metavar="NAME")
        issue.add_argument(
            "--organization",
            metavar="HANDLE",
            help="a key for all its projects; goes without --principal",
        )
        issue.add_argument(
            "--role", default=DEFAULT_ROLE, choices=ROLES, help="with --organization"
        )
        issue.add_argument("--name", help="the key's name; the principal's by default")
        issue.add_argument("--expires-in", metavar="30d", help="s, m, h, d or w")
        issue.add_argument("--project", default="default", metavar="HANDLE")
        shown = verbs.add_parser("list", help="show keys, newest first")
        shown.add_argument("--project", default="default", metavar="HANDLE")
        shown.add_argument(
            "--organization", metavar="HANDLE", help="its own keys, not a project's"
        )
        revoke = verbs.add_parser("revoke", help="end a key for good")
        revoke.add_argument("id", metavar="KEY_ID")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one verb."""
        verbs = {"issue": self._issue, "list": self._list, "revoke": self._revoke}
        try:
            verbs[options["verb"]](options, clock.now())
        except MobiusError as error:
            raise CommandError(error.message) from error

    def _issue(self, options: dict[str, Any], now: datetime) -> None:
        lifetime = options["expires_in"]
        end = now + _duration(lifetime) if lifetime else None
        if options["organization"]:
            issued = _issue_for_organization(options, end, now)
        else:
            issued = _issue_for_principal(options, end, now)
        self.stdout.write(issued.secret)
        self.stderr.write(f"{issued.row.id}: keep the key now, it is not shown again")

    def _list(self, options: dict[str, Any], now: datetime) -> None:
        if options["organization"]:
            organization = selectors.find_organization(options["organization"])
            ring = Keyring(organization_id=organization.id)
        else:
            ring = Keyring(selectors.find_project(options["project"]).id)
        for key in ring.rows():
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
            self.stdout.write(
                f"{key.id}  {key.prefix}…  {key.state(now):8} used {used:16} "
                f"{key.principal.name}: {key.name}"
            )

    def _revoke(self, options: dict[str, Any], now: datetime) -> None:
        key = ApiKey.objects.filter(pk=options["id"]).first()
        if key is None:
            raise CommandError(f"API key {options['id']} not found")
        revoke_key(key, by=OPERATOR, now=now)
        self.stdout.write(f"{key.id} is revoked")


def _issue_for_principal(
    options: dict[str, Any], end: datetime | None, now: datetime
) -> IssuedKey:
    if not options["principal"]:
        raise CommandError("name a --principal, or an --organization")
    project = selectors.find_project(options["project"])
    principal = selectors.find_principal(project.id, name=options["principal"])
    new = NewKey(name=options["name"] or principal.name, expires_at=end)
    return issue_key(principal, new, by=OPERATOR, now=now)


def _issue_for_organization(
    options: dict[str, Any], end: datetime | None, now: datetime
) -> IssuedKey:
    if options["principal"]:
        raise CommandError("--organization goes without --principal")
    organization = selectors.find_organization(options["organization"])
    name, role = options["name"] or organization.handle, options["role"]
    new = NewOrganizationKey(name=name, role=role, expires_at=end)
    return issue_organization_key(organization.id, new, by=OPERATOR, now=now)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    found = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta()
    if not timedelta() < found <= timedelta(days=_DAYS_MAX):
        raise CommandError(f"--expires-in: expected 30d or 12h, got {text}")
    return found
