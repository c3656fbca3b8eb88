from __future__ import annotations

from importlib import import_module

import django.db.models.deletion
import uuid
from django.db import migrations, models


_frozen = import_module("registry.migrations.0002_freeze_records")


def name_families(apps, schema_editor):
    versions = apps.get_model("registry", "ModelVersion").objects
    evaluations = apps.get_model("registry", "Evaluation").objects
    for family in versions.order_by().values_list("family", flat=True).distinct():
        evaluations.filter(version__family=family).update(family=family)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0002_freeze_records'),
    ]

    operations = [
        # What is rebuilt below loses its triggers on SQLite; the next migration freezes all again.
        migrations.RunPython(_frozen.thaw, _frozen.freeze),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor', models.CharField(max_length=180)),
                ('key', models.CharField(max_length=100)),
                ('request_digest', models.CharField(help_text='Method, address and body.', max_length=64)),
                ('status', models.PositiveSmallIntegerField(help_text='Empty while being answered.', null=True)),
                ('body', models.JSONField(null=True)),
                ('headers', models.JSONField(default=dict)),
                ('kept_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('-kept_at',),
            },
        ),
        migrations.CreateModel(
            name='Pairing',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('plant_code', models.SlugField(max_length=32)),
                ('counts', models.JSONField(help_text='Per class: both right, only version, only other, neither.')),
                ('n', models.PositiveIntegerField()),
                ('compared_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('-compared_at',),
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('plant_code', models.SlugField(max_length=32)),
                ('dataset', models.SlugField(help_text="The plant's data set it is judged on.", max_length=64)),
                ('signature', models.JSONField(help_text='Kind, classes in the order of the outputs, columns.')),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('code_commit', models.CharField(max_length=64)),
                ('training_notes', models.TextField()),
                ('claimed_metrics', models.JSONField(blank=True, default=dict)),
                ('state', models.CharField(choices=[('receiving', 'Receiving'), ('verifying', 'Verifying'), ('registered', 'Registered'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='receiving', max_length=16)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('detail', models.JSONField(blank=True, default=dict)),
                ('submitted_by', models.CharField(max_length=150)),
                ('submitted_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ('-submitted_at',),
            },
        ),
        migrations.AddField(
            model_name='evaluation',
            name='family',
            field=models.ForeignKey(help_text="The version's; kept here so that a fleet is compared by one index.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='registry.modelfamily'),
        ),
        migrations.AddField(
            model_name='job',
            name='against',
            field=models.ForeignKey(blank=True, help_text='A second version to score on the same rows (evaluate).', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs_as_other', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='claimed_metrics',
            field=models.JSONField(blank=True, default=dict, help_text='What the uploader says of it; never used as a figure.'),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='dataset',
            field=models.SlugField(blank=True, help_text="The origin's data set it is judged on.", max_length=64),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='made_by',
            field=models.CharField(choices=[('job', 'Trained by a job'), ('upload', 'Uploaded')], default='job', max_length=8),
        ),
        migrations.AddField(
            model_name='modelversion',
            name='training_notes',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='manifest',
            field=models.ForeignKey(blank=True, help_text='What it was trained on; empty for an upload whose data is not on record.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='registry.datasetmanifest'),
        ),
        migrations.AlterField(
            model_name='modelversion',
            name='metrics',
            field=models.JSONField(blank=True, help_text='Report on its own hold-out, recomputed from counts; empty for an upload, whose figures are its evaluations.'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='fencing_token',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='upload',
            name='job',
            field=models.ForeignKey(blank=True, help_text='The job it is the result of; empty for a submission.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='registry.job'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='sha256',
            field=models.CharField(blank=True, help_text="As announced; a browser announces none, and the portal's own stands here.", max_length=64),
        ),
        migrations.AddIndex(
            model_name='evaluation',
            index=models.Index(fields=['family', 'plant_code', '-evaluated_at'], name='registry_ev_family__0cae0a_idx'),
        ),
        migrations.AddIndex(
            model_name='keptanswer',
            index=models.Index(fields=['kept_at'], name='registry_ke_kept_at_82b8a8_idx'),
        ),
        migrations.AddConstraint(
            model_name='keptanswer',
            constraint=models.UniqueConstraint(fields=('actor', 'key'), name='kept_answer_once_per_key'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='job',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pairing', to='registry.job'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='manifest',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pairings', to='registry.datasetmanifest'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pairings_as_other', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='pairing',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pairings', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='submission',
            name='family',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='registry.modelfamily'),
        ),
        migrations.AddField(
            model_name='submission',
            name='job',
            field=models.OneToOneField(blank=True, help_text="The plant's own evaluation.", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submission', to='registry.job'),
        ),
        migrations.AddField(
            model_name='submission',
            name='manifest',
            field=models.ForeignKey(blank=True, help_text='What it was trained on, where that is on record.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='registry.datasetmanifest'),
        ),
        migrations.AddField(
            model_name='submission',
            name='parent',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions_as_parent', to='registry.modelversion'),
        ),
        migrations.AddField(
            model_name='submission',
            name='recipe',
            field=models.ForeignKey(help_text='Whose data contract and gates judge it; it was not trained by it.', on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='registry.recipe'),
        ),
        migrations.AddField(
            model_name='submission',
            name='upload',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='submission', to='registry.upload'),
        ),
        migrations.AddField(
            model_name='submission',
            name='version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='registry.modelversion'),
        ),
        migrations.AddIndex(
            model_name='pairing',
            index=models.Index(fields=['version', 'other', '-compared_at'], name='registry_pa_version_98b05f_idx'),
        ),
        migrations.AddConstraint(
            model_name='pairing',
            constraint=models.CheckConstraint(condition=models.Q(('version', models.F('other')), _negated=True), name='pairing_of_two'),
        ),
        migrations.AddIndex(
            model_name='submission',
            index=models.Index(fields=['plant_code', 'state', '-submitted_at'], name='registry_su_plant_c_031bea_idx'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['receiving', 'verifying', 'registered', 'refused', 'withdrawn'])), name='submission_state_known'),
        ),
        migrations.RunPython(name_families, migrations.RunPython.noop),
    ]
