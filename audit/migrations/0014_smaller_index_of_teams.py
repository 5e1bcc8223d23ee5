from django.db import migrations

from audit.models.indexes import WordIndex


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0013_signed_decisions'),
    ]

    operations = [
        migrations.RemoveIndex('routingdecision', 'audit_decision_team'),
        migrations.AddIndex('routingdecision', WordIndex(fields=['team_id', 'id'], name='audit_decision_team_rare')),
    ]
