from django.db import migrations
from django.db.models import F

BASELINES = ("requested", "sonnet", "opus", "keyword")


def at_least_what_has_no_cost(apps, schema_editor):
    """Reports that were made before these counts, whose requests may be gone by now."""
    for name in ("DailyReport", "TagReport"):
        reports = apps.get_model("audit", name).objects.filter(unsaved_requested_count=0, unknown_cost_count__gt=0)
        reports.update(**{f"unsaved_{baseline}_count": F("unknown_cost_count") for baseline in BASELINES})


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0016_newest_first_by_index'),
    ]

    operations = [
        migrations.RunPython(at_least_what_has_no_cost, migrations.RunPython.noop),
    ]
