import django.utils.timezone
from decimal import Decimal
from django.db import migrations, models

MESSAGE = "two prices of one model at one moment"
OTHERS = (
    "SELECT 1 FROM routing_modelprice other WHERE other.id <> NEW.id AND other.provider_name = NEW.provider_name "
    "AND other.model = NEW.model AND (other.valid_until IS NULL OR other.valid_until > NEW.valid_from) "
    "AND (NEW.valid_until IS NULL OR other.valid_from < NEW.valid_until)"
)
REFUSE = {
    "sqlite": [
        f"CREATE TRIGGER routing_modelprice_{event.lower()} AFTER {event} ON routing_modelprice "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}') WHERE EXISTS ({OTHERS}); END"
        for event in ("INSERT", "UPDATE")
    ],
    # The lock makes two transactions that price the same model see each other.
    "postgresql": [
        "CREATE FUNCTION routing_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM pg_advisory_xact_lock(hashtext('routing_modelprice'), hashtext(NEW.provider_name || ' ' || NEW.model)); "
        f"IF EXISTS ({OTHERS}) THEN RAISE integrity_constraint_violation USING MESSAGE = '{MESSAGE}'; END IF; "
        "RETURN NULL; END $$",
        "CREATE TRIGGER routing_modelprice_overlap AFTER INSERT OR UPDATE ON routing_modelprice "
        "FOR EACH ROW EXECUTE FUNCTION routing_refuse_overlap()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER routing_modelprice_insert", "DROP TRIGGER routing_modelprice_update"],
    "postgresql": ["DROP TRIGGER routing_modelprice_overlap ON routing_modelprice", "DROP FUNCTION routing_refuse_overlap()"],
}


def refuse_overlaps(apps, schema_editor):
    """SQLite drops triggers when a later migration rebuilds the table: such a migration calls this again."""
    for statement in REFUSE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow_overlaps(apps, schema_editor):
    for statement in ALLOW[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='modelprice',
            name='price_is_not_negative',
        ),
        migrations.AddField(
            model_name='modelprice',
            name='is_edited',
            field=models.BooleanField(default=False, editable=False, help_text='Set by hand: no command changes what this model costs.'),
        ),
        migrations.AddField(
            model_name='modelprice',
            name='per_hour',
            field=models.DecimalField(decimal_places=6, default=Decimal('0'), help_text='USD per hour that the model works, on top of its tokens: for a machine of your own. Usually 0.', max_digits=12),
        ),
        migrations.AlterField(
            model_name='modelprice',
            name='valid_from',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='UTC. The price until then is closed here.'),
        ),
        migrations.AddConstraint(
            model_name='modelprice',
            constraint=models.CheckConstraint(condition=models.Q(('cache_read_per_mtok__gte', 0), ('cache_write_1h_per_mtok__gte', 0), ('cache_write_5m_per_mtok__gte', 0), ('input_per_mtok__gte', 0), ('output_per_mtok__gte', 0), ('per_hour__gte', 0)), name='price_is_not_negative', violation_error_message='A price is not negative.'),
        ),
        migrations.RunPython(refuse_overlaps, allow_overlaps),
    ]
