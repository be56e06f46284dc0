"""Old rows are found by their ids, which sort by time. A summary of page ranges finds
less and less once the room of old rows is used again."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("deliveries", "0001_initial")]

    operations = [RemoveIndexConcurrently(model_name="delivery", name="delivery_age")]
