from django.db import migrations

from audit.models.indexes import StretchIndex


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0015_unknown_in_reports'),
    ]

    operations = [
        migrations.RemoveIndex('routingdecision', 'audit_decision_key'),
        migrations.RemoveIndex('routingdecision', 'audit_decision_tier_rare'),
        migrations.RemoveIndex('routingdecision', 'audit_decision_phase_rare'),
        migrations.RemoveIndex('routingdecision', 'audit_decision_team_rare'),
        migrations.AddIndex('routingdecision', StretchIndex(fields=['key_id', 'id'], name='audit_decision_of_key')),
        migrations.AddIndex('routingdecision', StretchIndex(fields=['team_id', 'id'], name='audit_decision_of_team')),
        migrations.AddIndex('routingdecision', StretchIndex(fields=['tier', 'id'], name='audit_decision_of_tier')),
        migrations.AddIndex('routingdecision', StretchIndex(fields=['phase', 'id'], name='audit_decision_of_phase')),
    ]
