from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plants', '0001_initial'),
        ('registry', '0003_submissions_and_pairings'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='wants_summary',
            field=models.BooleanField(default=False, help_text="Send the fleet's week by e-mail on Mondays.", verbose_name='weekly summary'),
        ),
        migrations.AddField(
            model_name='worker',
            name='metrics',
            field=models.JSONField(blank=True, default=dict, help_text='Load, memory and disk as of the last heartbeat.'),
        ),
        migrations.CreateModel(
            name='Line',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=31, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9-]{0,30}\\Z', 'A code is 1 to 31 lower-case letters, digits and hyphens, e.g. line-2 or cam-a.')])),
                ('name', models.CharField(max_length=120)),
                ('opened_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('plant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='plants.plant')),
            ],
            options={
                'ordering': ('plant', 'code'),
            },
        ),
        migrations.CreateModel(
            name='Person',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='As CSV files name them.', max_length=31, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9-]{0,30}\\Z', 'A code is 1 to 31 lower-case letters, digits and hyphens, e.g. line-2 or cam-a.')])),
                ('name', models.CharField(max_length=120)),
                ('left_at', models.DateTimeField(blank=True, null=True)),
                ('plant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='people', to='plants.plant')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='persons', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('plant', 'name'),
            },
        ),
        migrations.CreateModel(
            name='Ownership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('team', models.CharField(max_length=120)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('declared_by', models.CharField(max_length=180)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ownerships', to='plants.line')),
                ('deputy', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deputises', to='plants.person')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='owns', to='plants.person')),
                ('rollback_authority', models.ForeignKey(help_text='Who may put the line back without asking anybody.', on_delete=django.db.models.deletion.PROTECT, related_name='may_roll_back', to='plants.person')),
            ],
            options={
                'ordering': ('line', '-since'),
            },
        ),
        migrations.CreateModel(
            name='OnCallShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('primary', 'First'), ('secondary', 'Second')], default='primary', max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('entered_by', models.CharField(max_length=180)),
                ('entered_at', models.DateTimeField(auto_now_add=True)),
                ('line', models.ForeignKey(blank=True, help_text='Empty: every line of the plant.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='shifts', to='plants.line')),
                ('plant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shifts', to='plants.plant')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shifts', to='plants.person')),
            ],
            options={
                'ordering': ('starts_at',),
            },
        ),
        migrations.CreateModel(
            name='ContactMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('phone', 'Phone call'), ('sms', 'Text message'), ('email', 'E-mail')], max_length=8)),
                ('address', models.CharField(max_length=254)),
                ('rank', models.PositiveSmallIntegerField(default=1)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='plants.person')),
            ],
            options={
                'ordering': ('person', 'rank'),
            },
        ),
        migrations.CreateModel(
            name='Runbook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=64)),
                ('title', models.CharField(max_length=120)),
                ('reviewed_on', models.DateField(help_text='When somebody last found it to be right.')),
                ('reviewed_by', models.CharField(max_length=180)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('families', models.ManyToManyField(blank=True, related_name='runbooks', to='registry.modelfamily')),
                ('lines', models.ManyToManyField(blank=True, related_name='runbooks', to='plants.line')),
                ('plant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runbooks', to='plants.plant')),
            ],
            options={
                'ordering': ('plant', 'slug'),
            },
        ),
        migrations.CreateModel(
            name='RunbookVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('markdown', models.TextField()),
                ('change_note', models.CharField(blank=True, max_length=200)),
                ('written_by', models.CharField(max_length=180)),
                ('written_at', models.DateTimeField(auto_now_add=True)),
                ('runbook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='plants.runbook')),
            ],
            options={
                'ordering': ('runbook', '-number'),
            },
        ),
        migrations.CreateModel(
            name='Station',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=31, validators=[django.core.validators.RegexValidator('^[a-z0-9][a-z0-9-]{0,30}\\Z', 'A code is 1 to 31 lower-case letters, digits and hyphens, e.g. line-2 or cam-a.')])),
                ('name', models.CharField(max_length=120)),
                ('opened_at', models.DateTimeField(auto_now_add=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('family', models.ForeignKey(blank=True, help_text='What is inspected here.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='registry.modelfamily')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='plants.line')),
            ],
            options={
                'ordering': ('line', 'code'),
            },
        ),
        migrations.CreateModel(
            name='WorkerReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField()),
                ('metrics', models.JSONField()),
                ('worker', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='plants.worker')),
            ],
            options={
                'ordering': ('-read_at',),
            },
        ),
        migrations.AddConstraint(
            model_name='line',
            constraint=models.UniqueConstraint(fields=('plant', 'code'), name='line_code_once_per_plant'),
        ),
        migrations.AddConstraint(
            model_name='person',
            constraint=models.UniqueConstraint(fields=('plant', 'code'), name='person_code_once_per_plant'),
        ),
        migrations.AddConstraint(
            model_name='ownership',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('line',), name='ownership_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='ownership',
            constraint=models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gte', models.F('since')), _connector='OR'), name='ownership_ends_after_it_begins'),
        ),
        migrations.AddIndex(
            model_name='oncallshift',
            index=models.Index(fields=['plant', 'starts_at', 'ends_at'], name='plants_onca_plant_i_31069e_idx'),
        ),
        migrations.AddConstraint(
            model_name='oncallshift',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='shift_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='oncallshift',
            constraint=models.UniqueConstraint(fields=('line', 'person', 'level', 'starts_at', 'ends_at'), name='shift_once_per_line'),
        ),
        migrations.AddConstraint(
            model_name='oncallshift',
            constraint=models.UniqueConstraint(condition=models.Q(('line__isnull', True)), fields=('plant', 'person', 'level', 'starts_at', 'ends_at'), name='shift_once_per_plant'),
        ),
        migrations.AddConstraint(
            model_name='contactmethod',
            constraint=models.UniqueConstraint(fields=('person', 'kind', 'address'), name='contact_once_per_person'),
        ),
        migrations.AddConstraint(
            model_name='runbook',
            constraint=models.UniqueConstraint(fields=('plant', 'slug'), name='runbook_once_per_plant'),
        ),
        migrations.AddConstraint(
            model_name='runbookversion',
            constraint=models.UniqueConstraint(fields=('runbook', 'number'), name='runbook_version_number_once'),
        ),
        migrations.AddConstraint(
            model_name='station',
            constraint=models.UniqueConstraint(fields=('line', 'code'), name='station_code_once_per_line'),
        ),
        migrations.AddConstraint(
            model_name='workerreading',
            constraint=models.UniqueConstraint(fields=('worker', 'read_at'), name='reading_once'),
        ),
    ]
