"""HTTP for groups: parse, call one service, render. No rule lives here."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first, page_of_all
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.interactions.group_renderings import render_group, render_group_member
from apps.interactions.group_requests import (
    read_group_changes,
    read_new_group,
    read_new_group_member,
)
from apps.interactions.group_selectors import (
    find_group,
    groups_of,
    list_group_members,
    list_groups,
)
from apps.interactions.services.groups.add_member import add_group_member
from apps.interactions.services.groups.create_group import create_group
from apps.interactions.services.groups.delete_group import delete_group
from apps.interactions.services.groups.remove_member import remove_group_member
from apps.interactions.services.groups.update_group import update_group
from apps.kernel import clock


class GroupViewSet(ProjectViewSet):
    """``/v1/projects/{project}/groups``; ``{group}`` is an id or a handle."""

    permissions: ClassVar = {
        "list": Permission.GROUP_VIEW,
        "create": Permission.GROUP_MANAGE,
        "retrieve": Permission.GROUP_VIEW,
        "partial_update": Permission.GROUP_MANAGE,
        "destroy": Permission.GROUP_MANAGE,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first."""
        rows = list_groups(self.project_id)
        return Response(page_newest_first(rows, request.query_params, render_group))

    def create(self, request: Request, project: str) -> Response:
        """201 with the group; 409 when the handle is taken."""
        now = clock.now()
        new = read_new_group(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            return 201, render_group(create_group(self.project_id, new, now=now))

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="groups.create",
            request=request.data,
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, group: str) -> Response:
        """200 with one group."""
        return Response(render_group(find_group(self.project_id, group)))

    def partial_update(self, request: Request, project: str, group: str) -> Response:
        """200 with the changed group; its handle never changes."""
        changes = read_group_changes(request.data)
        changed = update_group(self.project_id, group, changes, now=clock.now())
        return Response(render_group(changed))

    def destroy(self, request: Request, project: str, group: str) -> Response:
        """204; 400 while a question waits for the group."""
        delete_group(self.project_id, group, now=clock.now())
        return Response(status=204)


class GroupMemberViewSet(ProjectViewSet):
    """``/v1/projects/{project}/groups/{group}/members``."""

    permissions: ClassVar = {
        "list": Permission.GROUP_VIEW,
        "create": Permission.GROUP_MANAGE,
        "destroy": Permission.GROUP_MANAGE,
    }

    def list(self, request: Request, project: str, group: str) -> Response:
        """200 with a page, who came last first."""
        rows = list_group_members(find_group(self.project_id, group))
        return Response(
            page_newest_first(
                rows,
                request.query_params,
                render_group_member,
                instant_field="added_at",
            )
        )

    def create(self, request: Request, project: str, group: str) -> Response:
        """201 with the membership; 409 when there is one already."""
        added = add_group_member(
            self.project_id,
            group,
            read_new_group_member(request.data),
            added_by=self.caller.principal_id,
            now=clock.now(),
        )
        return Response(render_group_member(added), status=201)

    def destroy(
        self, request: Request, project: str, group: str, user_id: str
    ) -> Response:
        """204; 404 when nobody of this id belongs to the group."""
        remove_group_member(self.project_id, group, user_id)
        return Response(status=204)


class MemberGroupViewSet(ProjectViewSet):
    """``/v1/projects/{project}/members/{user_id}/groups``."""

    permissions: ClassVar = {"list": Permission.GROUP_VIEW}

    def list(self, request: Request, project: str, user_id: str) -> Response:
        """200 with every group the member belongs to, by handle; with ``limit`` a
        page of them."""
        rows = list(groups_of(self.project_id, user_id))
        page = page_of_all(rows, request.query_params, lambda group: (group.handle,))
        page["items"] = [render_group(group) for group in page["items"]]
        return Response(page)
