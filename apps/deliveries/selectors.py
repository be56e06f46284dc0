"""Reading deliveries."""

from django.db.models import QuerySet

from apps.deliveries.models import Delivery


def deliveries_about(project_id: str, subject_id: str) -> QuerySet[Delivery]:
    """Return what was sent about something of a project, oldest first."""
    return Delivery.objects.filter(
        project_id=project_id, subject_id=subject_id
    ).order_by("id")
