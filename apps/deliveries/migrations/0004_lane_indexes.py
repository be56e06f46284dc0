"""Indexes by which lanes are taken from and lists are read. Made while the system works: nobody waits for it."""

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("deliveries", "0003_lanes")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=Q(("status", "pending")),
                fields=["project_id", "lane", "next_attempt_at", "id"],
                name="delivery_lane",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=Q(("leased_until__isnull", False), ("status", "pending")),
                fields=["leased_until"],
                name="delivery_leased",
            ),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=Q(("subject_id", ""), _negated=True),
                fields=["subject_id", "-created_at", "-id"],
                name="delivery_about",
            ),
        ),
        RemoveIndexConcurrently(model_name="delivery", name="delivery_subject"),
    ]
