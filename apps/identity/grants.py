"""The law of passing rights on: nobody gives away what they do not hold."""

from collections.abc import Collection, Iterable

from apps.kernel.errors import PermissionDenied

#: What the giver holds; None stands for the operator of the server.
Within = Collection[str] | None


def check_grant(wanted: Iterable[str], within: Within) -> None:
    """Let ``wanted`` be passed on, or not.

    Raises:
        PermissionDenied: the giver lacks some of it; details name what.
    """
    if within is None:
        return
    missing = sorted(set(wanted) - set(within))
    if missing:
        raise PermissionDenied(
            f"you cannot pass on {missing[0]}: you do not hold it yourself",
            permission=missing[0],
            permissions=missing,
        )
