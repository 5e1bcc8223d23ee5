from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('routing', '0005_observe_mode'),
    ]

    operations = [
        migrations.AddField(
            model_name='phraselist',
            name='is_on',
            field=models.BooleanField(default=True, help_text='Off, none of its phrases is looked for, as if the list were empty; they stay here until it is on again. Takes effect with the next published policy.', verbose_name='on'),
        ),
    ]
