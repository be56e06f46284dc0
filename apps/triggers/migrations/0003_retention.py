"""Old rows are found by their ids, which sort by time. A summary of page ranges finds
less and less once the room of old rows is used again."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("triggers", "0002_owned_triggers")]

    operations = [RemoveIndexConcurrently(model_name="triggerfire", name="fire_age")]
