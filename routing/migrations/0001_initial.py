import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


REFUSE = {
    "sqlite": [
        "CREATE TRIGGER routing_policyversion_frozen BEFORE UPDATE ON routing_policyversion "
        "BEGIN SELECT RAISE(ABORT, 'a published policy never changes'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION routing_refuse_update() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'a published policy never changes'; END $$",
        "CREATE TRIGGER routing_policyversion_frozen BEFORE UPDATE ON routing_policyversion "
        "FOR EACH ROW EXECUTE FUNCTION routing_refuse_update()",
    ],
}
ALLOW = {
    "sqlite": ["DROP TRIGGER routing_policyversion_frozen"],
    "postgresql": [
        "DROP TRIGGER routing_policyversion_frozen ON routing_policyversion",
        "DROP FUNCTION routing_refuse_update()",
    ],
}


def refuse_updates(apps, schema_editor):
    """SQLite drops triggers when a later migration rebuilds the table: such a migration calls this again."""
    for statement in REFUSE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def allow_updates(apps, schema_editor):
    for statement in ALLOW[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='PhraseList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('title', models.CharField(blank=True, max_length=100)),
                ('effect', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Switch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('is_on', models.BooleanField(default=False, help_text='Takes effect with the next published policy.', verbose_name='on')),
                ('effect', models.TextField(blank=True)),
            ],
            options={
                'verbose_name_plural': 'switches',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='FallbackStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_tier', models.CharField(choices=[('local', 'Local'), ('haiku', 'Haiku'), ('sonnet', 'Sonnet'), ('opus', 'Opus')], help_text='The tier that was chosen.', max_length=20)),
                ('order', models.PositiveSmallIntegerField(help_text='1 is tried first.')),
                ('to', models.CharField(choices=[('local', 'Local'), ('haiku', 'Haiku'), ('sonnet', 'Sonnet'), ('opus', 'Opus')], help_text='The tier that is tried in its place.', max_length=20)),
            ],
            options={
                'ordering': ['from_tier', 'order'],
                'constraints': [models.UniqueConstraint(fields=('from_tier', 'order'), name='fallback_order_is_unique'), models.UniqueConstraint(fields=('from_tier', 'to'), name='fallback_leads_there_once'), models.CheckConstraint(condition=models.Q(('from_tier__in', ['local', 'haiku', 'sonnet', 'opus']), ('to__in', ['local', 'haiku', 'sonnet', 'opus']), models.Q(('from_tier', models.F('to')), _negated=True)), name='fallback_leads_elsewhere', violation_error_message='A fallback leads to another tier.')],
            },
        ),
        migrations.CreateModel(
            name='ModelAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pattern', models.CharField(help_text='A model name as clients send it; a trailing * stands for any ending.', max_length=120, unique=True, validators=[django.core.validators.RegexValidator('^[^*\\s]+\\*?$|^\\*$', 'Use a name without spaces; * only as the last character.')])),
                ('target', models.CharField(help_text='auto (route it), local, sonnet, opus, haiku, or a concrete model id.', max_length=120)),
            ],
            options={
                'verbose_name_plural': 'model aliases',
                'ordering': ['pattern'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('pattern', ''), _negated=True), models.Q(('target', ''), _negated=True)), name='alias_is_filled'), models.CheckConstraint(condition=models.Q(('pattern', models.F('target')), _negated=True), name='alias_leads_elsewhere', violation_error_message='An alias cannot stand for itself.')],
            },
        ),
        migrations.CreateModel(
            name='ModelPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider_name', models.CharField(help_text='anthropic or local.', max_length=40)),
                ('model', models.CharField(help_text='The model id; * for every other model of the provider.', max_length=120)),
                ('input_per_mtok', models.DecimalField(decimal_places=6, help_text='USD per million tokens: fresh input.', max_digits=12)),
                ('output_per_mtok', models.DecimalField(decimal_places=6, help_text='USD per million tokens: output, thinking included.', max_digits=12)),
                ('cache_read_per_mtok', models.DecimalField(decimal_places=6, help_text='USD per million tokens: input read from the prompt cache.', max_digits=12)),
                ('cache_write_5m_per_mtok', models.DecimalField(decimal_places=6, help_text='USD per million tokens: input written to the 5-minute cache.', max_digits=12)),
                ('cache_write_1h_per_mtok', models.DecimalField(decimal_places=6, help_text='USD per million tokens: input written to the 1-hour cache.', max_digits=12)),
                ('above_input_tokens', models.PositiveIntegerField(blank=True, help_text='A request with more input tokens than this, cached ones too, has the prices below for all it uses.', null=True)),
                ('above_input_per_mtok', models.DecimalField(blank=True, decimal_places=6, help_text='Same, fresh input.', max_digits=12, null=True)),
                ('above_output_per_mtok', models.DecimalField(blank=True, decimal_places=6, help_text='Same, output.', max_digits=12, null=True)),
                ('above_cache_read_per_mtok', models.DecimalField(blank=True, decimal_places=6, help_text='Same, cache read.', max_digits=12, null=True)),
                ('above_cache_write_5m_per_mtok', models.DecimalField(blank=True, decimal_places=6, help_text='Same, 5-minute cache write.', max_digits=12, null=True)),
                ('above_cache_write_1h_per_mtok', models.DecimalField(blank=True, decimal_places=6, help_text='Same, 1-hour cache write.', max_digits=12, null=True)),
                ('valid_from', models.DateTimeField()),
                ('valid_until', models.DateTimeField(blank=True, help_text='Empty: until further notice.', null=True)),
                ('source', models.CharField(blank=True, help_text='Where the price was read, and when.', max_length=200)),
                ('updated_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'ordering': ['provider_name', 'model', '-valid_from'],
                'constraints': [models.UniqueConstraint(fields=('provider_name', 'model', 'valid_from'), name='price_starts_once'), models.CheckConstraint(condition=models.Q(('valid_until__isnull', True), ('valid_until__gt', models.F('valid_from')), _connector='OR'), name='price_ends_after_it_starts', violation_error_message='A price ends after it starts.'), models.CheckConstraint(condition=models.Q(('cache_read_per_mtok__gte', 0), ('cache_write_1h_per_mtok__gte', 0), ('cache_write_5m_per_mtok__gte', 0), ('input_per_mtok__gte', 0), ('output_per_mtok__gte', 0)), name='price_is_not_negative', violation_error_message='A price is not negative.'), models.CheckConstraint(condition=models.Q(models.Q(('above_cache_read_per_mtok__isnull', True), ('above_cache_write_1h_per_mtok__isnull', True), ('above_cache_write_5m_per_mtok__isnull', True), ('above_input_per_mtok__isnull', True), ('above_input_tokens__isnull', True), ('above_output_per_mtok__isnull', True)), models.Q(('above_cache_read_per_mtok__gte', 0), ('above_cache_read_per_mtok__isnull', False), ('above_cache_write_1h_per_mtok__gte', 0), ('above_cache_write_1h_per_mtok__isnull', False), ('above_cache_write_5m_per_mtok__gte', 0), ('above_cache_write_5m_per_mtok__isnull', False), ('above_input_per_mtok__gte', 0), ('above_input_per_mtok__isnull', False), ('above_input_tokens__gt', 0), ('above_input_tokens__isnull', False), ('above_output_per_mtok__gte', 0), ('above_output_per_mtok__isnull', False)), _connector='OR'), name='price_above_is_whole', violation_error_message='Fill all the prices above the limit, or none of them and no limit.')],
            },
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(unique=True)),
                ('content', models.JSONField()),
                ('digest', models.CharField(help_text='SHA-256 of the content in canonical JSON.', max_length=64)),
                ('note', models.CharField(help_text='What changed and why, for whoever reads the record later.', max_length=500)),
                ('author', models.CharField(blank=True, max_length=150)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['-number'],
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='policy_version_starts_at_one')],
            },
        ),
        migrations.CreateModel(
            name='RoutingSettings',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('is_enabled', models.BooleanField(default=True, help_text='Off: every request without an explicit choice goes to sonnet (local under local_only).', verbose_name='smart routing')),
                ('mode', models.CharField(choices=[('local_first', 'local first: the cheapest tier that is good enough'), ('keyword', 'keyword: Claude only, opus or sonnet by keywords')], default='local_first', help_text='How requests without an explicit choice are routed.', max_length=20)),
                ('ambiguous_fallback_tier', models.CharField(choices=[('local', 'Local'), ('sonnet', 'Sonnet'), ('opus', 'Opus')], default='sonnet', help_text='Serves ambiguous requests when the classifier cannot answer.', max_length=20)),
            ],
            options={
                'verbose_name': 'routing settings',
                'verbose_name_plural': 'routing settings',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='routing_settings_is_one_row'), models.CheckConstraint(condition=models.Q(('mode__in', ['local_first', 'keyword'])), name='routing_mode_is_known'), models.CheckConstraint(condition=models.Q(('ambiguous_fallback_tier__in', ['local', 'sonnet', 'opus'])), name='ambiguous_tier_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Threshold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('value', models.FloatField(help_text='Takes effect with the next published policy.')),
                ('unit', models.CharField(blank=True, max_length=40)),
                ('lower', models.FloatField()),
                ('upper', models.FloatField()),
                ('effect', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('value__gte', models.F('lower')), ('value__lte', models.F('upper'))), name='threshold_within_bounds', violation_error_message='The value lies outside its bounds.')],
            },
        ),
        migrations.CreateModel(
            name='TierModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slot', models.CharField(choices=[('local', 'Local'), ('haiku', 'Haiku'), ('sonnet', 'Sonnet'), ('opus', 'Opus'), ('classifier', 'Classifier')], max_length=20, unique=True)),
                ('model', models.CharField(help_text='The model id as its provider names it.', max_length=120)),
            ],
            options={
                'ordering': ['slot'],
                'constraints': [models.CheckConstraint(condition=models.Q(('slot__in', ['local', 'haiku', 'sonnet', 'opus', 'classifier'])), name='tier_model_slot_is_known'), models.CheckConstraint(condition=models.Q(('model', ''), _negated=True), name='tier_model_is_filled')],
            },
        ),
        migrations.CreateModel(
            name='Phrase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(help_text='Literal, in any case; whole words, unless it ends in * (any ending).', max_length=200)),
                ('weight', models.FloatField(default=1.0, help_text='How much a hit counts, above 0 and at most 10.')),
                ('phrase_list', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='phrases', to='routing.phraselist')),
            ],
            options={
                'ordering': ['phrase_list', 'text'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('text'), models.F('phrase_list'), name='phrase_once_in_a_list', violation_error_message='This phrase is already in the list.'), models.CheckConstraint(condition=models.Q(('weight__gt', 0), ('weight__lte', 10)), name='phrase_weight_within_bounds', violation_error_message='Use a weight above 0 and at most 10.'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='phrase_has_text')],
            },
        ),
        migrations.RunPython(refuse_updates, allow_updates),
    ]
