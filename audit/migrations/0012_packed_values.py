"""What is only read whole is stored packed, and indexes grow at their ends: 250 bytes a request less in PostgreSQL.

Rows that are there keep their values: what is not packed stays readable, and their codes still fit.
"""

from django.db import migrations, models

from audit.models.fields import DigestField, PackedField, PackedJSONField, digest_bytes
from audit.models.indexes import WordIndex

JSON_AS_BYTES = "convert_to({}::text, 'UTF8')"
DIGEST_AS_BYTES = """
    CASE WHEN {0} ~ '^[0-9a-f]{{32}}$' THEN decode({0}, 'hex')
    WHEN octet_length({0}) = 16 THEN convert_to({0}, 'UTF8') || '\\x00'::bytea
    ELSE convert_to({0}, 'UTF8') END
"""
ON_SQLITE = """
    UPDATE audit_routingdecision SET reasons = CAST(reasons AS BLOB), candidates = CAST(candidates AS BLOB),
    session_id = digest_bytes(session_id)
"""


class ToBytes(migrations.AlterField):
    """PostgreSQL has to be told how text becomes bytes."""

    def __init__(self, model_name, name, field, using):
        super().__init__(model_name, name, field)
        self.using = using.format(name)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != 'postgresql':
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        table = f'{app_label}_{self.model_name}'
        schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN {self.name} TYPE bytea USING {self.using}')


def to_bytes_on_sqlite(apps, schema_editor):
    if schema_editor.connection.vendor == 'sqlite':
        schema_editor.connection.connection.create_function('digest_bytes', 1, digest_bytes, deterministic=True)
        schema_editor.execute(ON_SQLITE)


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0011_work_on_reports'),
    ]

    operations = [
        migrations.AlterField('routingdecision', 'features', PackedField(default=b'')),
        ToBytes('routingdecision', 'reasons', PackedJSONField(default=list), JSON_AS_BYTES),
        ToBytes('routingdecision', 'candidates', PackedJSONField(default=list), JSON_AS_BYTES),
        ToBytes(
            'routingdecision', 'session_id', DigestField(blank=True, default='', max_length=200), DIGEST_AS_BYTES
        ),
        migrations.RunPython(to_bytes_on_sqlite, elidable=False),
        migrations.RemoveIndex('routingdecision', 'audit_decision_key'),
        migrations.RemoveIndex('routingdecision', 'audit_decision_team'),
        migrations.RemoveIndex('outcome', 'audit_outcome_trouble'),
        migrations.AddIndex('routingdecision', models.Index(fields=['key_id', 'id'], name='audit_decision_key')),
        migrations.AddIndex('routingdecision', models.Index(fields=['team_id', 'id'], name='audit_decision_team')),
        migrations.AddIndex('routingdecision', WordIndex(fields=['tier', 'id'], name='audit_decision_tier_rare')),
        migrations.AddIndex('routingdecision', WordIndex(fields=['phase', 'id'], name='audit_decision_phase_rare')),
        migrations.AddIndex(
            'outcome',
            models.Index(
                condition=models.Q(('status', 'answered'), _negated=True),
                fields=['status', 'decision'],
                name='audit_outcome_trouble',
            ),
        ),
    ]
