"""The base of every view of the API: who, where, may they, how often."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from apps.api.idempotency import act_once
from apps.api.rendering import JsonRenderer
from apps.api.request_ids import request_id
from apps.identity.archive import project_archived
from apps.identity.authentication import Caller
from apps.identity.limits import Standing, count_request
from apps.identity.permissions import Permission

#: What DRF calls the action of OPTIONS, which we answer with 405 like any other
#: method a path does not have.
_OPTIONS = "metadata"
#: Methods that change nothing.
READING = ("GET", "HEAD", "OPTIONS")


class AnsweringViewSet(ViewSet):
    """Answers in JSON, whatever is asked for, with where the caller stands."""

    standing: Standing | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Run before every action."""
        request.accepted_renderer = JsonRenderer()
        request.accepted_media_type = JsonRenderer.media_type

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the rate-limit headers and the request id."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.standing is not None:
            for name, value in self.standing.headers().items():
                answer[name] = value
        answer["X-Request-ID"] = request_id(request.META.get("HTTP_X_REQUEST_ID"))
        return answer


class OpenViewSet(AnsweringViewSet):
    """A public address that takes POSTs without a key; each counts its own use."""

    authentication_classes = ()
    http_method_names = ["post"]


class CallerViewSet(AnsweringViewSet):
    """Authenticates, counts the request and checks the permission.

    ``permissions`` names one permission per action; an action without one does not
    answer.
    """

    permissions: ClassVar[Mapping[str, Permission]] = {}
    http_method_names = ["get", "head", "post", "patch", "put", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Run before every action.

        Raises:
            Unauthenticated, RateLimited, NotFound, PermissionDenied, Conflict: in this
                order.
        """
        super().initial(request, *args, **kwargs)
        self.caller: Caller = request.user  # type: ignore[assignment]
        self.standing = count_request(self.caller.key_id, self.caller.organization_id)
        self.enter(**kwargs)
        if self.action not in (None, _OPTIONS):
            self.caller.require(self.permissions[self.action])
            self.check_open()

    def enter(self, **kwargs: Any) -> None:
        """Step into the place the path names; here there is none."""

    def check_open(self) -> None:
        """Look whether the place takes this action now; here there is none."""

    def scope_id(self) -> str:
        """Return the id of that within which an Idempotency-Key is one's own."""
        caller = self.caller
        return caller.organization_id if caller.of_organization else caller.project_id

    def answer_once(
        self,
        request: Request,
        operation: str,
        act: Callable[[], tuple[int, dict[str, Any]]],
        *,
        now: datetime,
    ) -> Response:
        """Act, or answer again what this Idempotency-Key was answered before. What
        ``act`` returns is stored: no secret may be in it."""
        return act_once(
            request.headers,
            project_id=self.scope_id(),
            operation=operation,
            request=request.data,
            now=now,
            act=act,
        )


class ProjectViewSet(CallerViewSet):
    """A view inside ``{project}``.

    Queries start from ``self.project_id``: other projects do not exist. In an archived
    project one may read, and do what ``while_archived`` names: see runs to their end
    and take access away.
    """

    while_archived: ClassVar[Collection[str]] = ()

    def enter(self, **kwargs: Any) -> None:
        """Resolve ``{project}``, given as handle or id.

        Raises:
            NotFound: it is not the caller's project.
        """
        self.caller = self.caller.inside(kwargs["project"])
        self.project_id = self.caller.project_id

    def scope_id(self) -> str:
        """Return the project's id."""
        return self.project_id

    def check_open(self) -> None:
        """Let nothing begin in an archived project.

        Raises:
            Conflict: the project is archived.
        """
        reads = self.request.method in READING or self.action in self.while_archived
        if self.caller.is_archived and not reads:
            raise project_archived(self.caller.project_handle)
