"""HTTP for triggers: parse, call one service, render."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.idempotency import act_once
from apps.api.pagination import page_newest_first
from apps.identity.permissions import Permission
from apps.identity.viewsets import ProjectViewSet
from apps.kernel import clock
from apps.secrets.cipher import fingerprint_of
from apps.triggers.renderings import render_fire, render_trigger
from apps.triggers.requests import read_changes, read_manual_inputs, read_new_trigger
from apps.triggers.selectors import find_trigger, list_fires, list_triggers
from apps.triggers.services.create import create_trigger
from apps.triggers.services.delete import delete_trigger
from apps.triggers.services.fire_by_hand import fire_by_hand
from apps.triggers.services.update import update_trigger


class TriggerViewSet(ProjectViewSet):
    """``/v1/projects/{project}/triggers``."""

    permissions: ClassVar = {
        "list": Permission.TRIGGER_VIEW,
        "create": Permission.TRIGGER_MANAGE,
        "retrieve": Permission.TRIGGER_VIEW,
        "partial_update": Permission.TRIGGER_MANAGE,
        "destroy": Permission.TRIGGER_MANAGE,
        "fires": Permission.TRIGGER_VIEW,
        "fire": Permission.RUN_START,
    }

    def list(self, request: Request, project: str) -> Response:
        """200 with a page, newest first; filters ``kind`` and ``enabled``."""
        rows = list_triggers(self.project_id, request.query_params)
        return Response(page_newest_first(rows, request.query_params, render_trigger))

    def create(self, request: Request, project: str) -> Response:
        """201 with the trigger; 409 when the name or the handle is taken."""
        now = clock.now()
        new = read_new_trigger(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            trigger = create_trigger(
                self.project_id, new, created_by=self.caller.principal_id, now=now
            )
            return 201, render_trigger(trigger)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation="triggers.create",
            request=_without_secret(request.data, new.secret),
            now=now,
            act=act,
        )

    def retrieve(self, request: Request, project: str, trigger: str) -> Response:
        """200 with the trigger."""
        return Response(render_trigger(find_trigger(self.project_id, trigger)))

    def partial_update(self, request: Request, project: str, trigger: str) -> Response:
        """200; ``targets`` and the configs are replaced as wholes."""
        found = find_trigger(self.project_id, trigger)
        changes = read_changes(request.data, found.kind)
        update_trigger(self.project_id, trigger, changes, now=clock.now())
        return Response(render_trigger(find_trigger(self.project_id, trigger)))

    def destroy(self, request: Request, project: str, trigger: str) -> Response:
        """204; its fires are deleted, its runs go on."""
        delete_trigger(self.project_id, trigger)
        return Response(status=204)

    def fires(self, request: Request, project: str, trigger: str) -> Response:
        """200 with a page of fires, newest first; filter ``status``."""
        found = find_trigger(self.project_id, trigger)
        rows = list_fires(found.id, request.query_params)
        page = page_newest_first(
            rows, request.query_params, render_fire, instant_field="fired_at"
        )
        return Response(page)

    def fire(self, request: Request, project: str, trigger: str) -> Response:
        """202 with the fire: its runs, or why there are none."""
        now = clock.now()
        inputs = read_manual_inputs(request.data)

        def act() -> tuple[int, dict[str, Any]]:
            fire = fire_by_hand(
                self.project_id,
                trigger,
                inputs,
                by=self.caller.principal_id,
                now=now,
            )
            return 202, render_fire(fire)

        return act_once(
            request.headers,
            project_id=self.project_id,
            operation=f"triggers/{trigger}.fire",
            request=request.data,
            now=now,
            act=act,
        )


def _without_secret(data: Any, secret: str) -> dict[str, Any]:
    """Return a request as it may be remembered: what tells secrets apart, not them."""
    return {**data, "webhook_secret": fingerprint_of({"secret": secret})}
