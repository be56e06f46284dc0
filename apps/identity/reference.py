"""What the reference says of access: projects, keys, principals, roles, members."""

from typing import Final

from apps.identity.reference_keys import PART as KEYS
from apps.identity.reference_members import PART as MEMBERS
from apps.identity.reference_organization_keys import ORGANIZATION_PART
from apps.identity.reference_principals import PARTS as PRINCIPALS
from apps.identity.reference_projects import PART as PROJECTS
from apps.identity.reference_roles import PART as ROLES

PARTS: Final = (PROJECTS, KEYS, ORGANIZATION_PART, *PRINCIPALS, ROLES, MEMBERS)
