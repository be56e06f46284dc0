"""Archived projects, tags, accounts with owners and purposes, capped and rotated keys."""

import apps.kernel.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="principal",
            name="principal_name_once_in_project",
        ),
        migrations.AddField(
            model_name="apikey",
            name="created_by",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=192
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="replaced_by",
            field=apps.kernel.fields.ReferenceField(
                blank=True,
                db_collation="C",
                db_default="",
                default="",
                help_text="The key it was rotated to.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="scope_role",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="capped_keys",
                to="identity.role",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="tags",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="principal",
            name="deleted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="principal",
            name="description",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="principal",
            name="metadata",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="principal",
            name="owner_id",
            field=apps.kernel.fields.ReferenceField(
                blank=True,
                db_collation="C",
                db_default="",
                default="",
                help_text="The principal who answers for it.",
                max_length=40,
            ),
        ),
        migrations.AddField(
            model_name="principal",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("api_client", "Api Client"),
                    ("agent", "Agent"),
                    ("runtime_worker", "Runtime Worker"),
                    ("system", "System"),
                ],
                db_default="api_client",
                default="api_client",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="principal",
            name="tags",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="archived_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Since when nothing begins here any more.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="created_by",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=192
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="restored_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Slots up to then are not caught up on.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="tags",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="role",
            name="tags",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="granted_by",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=192
            ),
        ),
        migrations.AddConstraint(
            model_name="principal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("project", "name"),
                name="principal_name_once_in_project",
            ),
        ),
    ]
