"""Who changes access, and what they hold: nobody passes on more than that."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from apps.identity.authentication import Caller
from apps.kernel.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller with its key, or the operator of the server.

    ``holds`` is what can be passed on; None stands for everything, which only the
    operator holds: on the console, or with an account on the admin pages.
    """

    principal_id: str = ""
    key_id: str = ""
    account: str = ""
    holds: Collection[str] | None = field(default=None, repr=False)

    @classmethod
    def of_caller(cls, caller: Caller) -> "Actor":
        """Return the actor behind an API key."""
        return cls(caller.principal_id, caller.key_id, holds=caller.permissions)

    @classmethod
    def of_account(cls, username: str) -> "Actor":
        """Return the operator who signed in to the admin pages."""
        return cls(account=username)

    @property
    def signature(self) -> str:
        """Return under what it is recorded."""
        if self.principal_id:
            return self.principal_id
        return f"account:{self.account}" if self.account else "operator"

    def check_grant(self, wanted: Iterable[str]) -> None:
        """Let ``wanted`` be passed on, or not.

        Raises:
            PermissionDenied: the actor lacks some of it; details name what.
        """
        if self.holds is None:
            return
        missing = sorted(set(wanted) - set(self.holds))
        if missing:
            raise PermissionDenied(
                f"you cannot pass on {missing[0]}: you do not hold it yourself",
                permission=missing[0],
                permissions=missing,
            )


OPERATOR = Actor()
