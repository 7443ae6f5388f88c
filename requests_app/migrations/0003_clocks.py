import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Coalesce


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_sweep'),
        ('requests_app', '0002_guards'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('read_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Digest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slot_on', models.DateField()),
                ('is_urgent', models.BooleanField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('claimed', 'Claimed'), ('sent', 'Sent'), ('empty', 'Empty'), ('lost', 'Lost'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('created_at', models.DateTimeField()),
                ('claimed_at', models.DateTimeField(null=True)),
                ('retry_at', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Extension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('volume', 'a large quantity of data'), ('retrieval', 'data that are hard to retrieve'), ('redaction', 'data of others that must be masked'), ('intelligibility', 'data that must be explained to be understood'), ('number', 'several requests by this person'), ('influx', 'an exceptional, temporary influx of requests')], max_length=16)),
                ('reasoning', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('review', models.CharField(choices=[('waiting', 'Waiting'), ('not_needed', 'Not Needed'), ('approved', 'Approved'), ('sent_back', 'Sent Back'), ('single_handed', 'Single Handed')], max_length=16)),
                ('reviewed_at', models.DateTimeField(null=True)),
                ('review_note', models.TextField(blank=True)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Reminder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('prudent', 'prudent date'), ('due', 'due date'), ('target', 'our own target'), ('acknowledgement', 'acknowledgement not sent'), ('extension_notice', 'last days for an extension notice'), ('refusal_notice', 'refusal to be told'), ('suspension', 'question without an answer'), ('unassigned', 'nobody handles it'), ('unread', 'message not read'), ('review', 'review not done')], max_length=20)),
                ('threshold', models.SmallIntegerField()),
                ('target_on', models.DateField()),
                ('is_urgent', models.BooleanField()),
                ('is_escalation', models.BooleanField(default=False)),
                ('superseded_because', models.CharField(blank=True, choices=[('more_urgent', 'a more urgent one was told'), ('answered', 'the right was answered'), ('date_changed', 'the date changed'), ('suspended', 'a question suspends the clock'), ('done', 'it was done meanwhile'), ('handed_on', 'somebody else handles it')], max_length=20)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Suspension',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('identity', 'we must know who asks'), ('clarify', 'we must know what is asked for')], max_length=12)),
                ('why', models.TextField()),
                ('is_voluminous', models.BooleanField(default=False)),
                ('asked_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('end', models.CharField(blank=True, choices=[('answered', 'answered'), ('given_up', 'we go on without the answer')], max_length=8)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.AddField(
            model_name='caseright',
            name='paused_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='caseright',
            name='falls_on',
            field=models.GeneratedField(db_persist=True, expression=Coalesce('target_on', 'due_on', 'prudent_due_on'), output_field=models.DateField()),
        ),
        migrations.AddField(
            model_name='caseright',
            name='remind_on',
            field=models.DateField(default=datetime.date(2018, 5, 25), null=True),
        ),
        migrations.AddIndex(
            model_name='caseright',
            index=models.Index(condition=models.Q(('stage', 'answered'), _negated=True), fields=['remind_on'], name='case_right_remind'),
        ),
        migrations.AddIndex(
            model_name='caseright',
            index=models.Index(condition=models.Q(('stage', 'answered'), _negated=True), fields=['falls_on'], name='case_right_falls'),
        ),
        migrations.AddField(
            model_name='calendarfeed',
            name='team',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='calendar_feeds', to='core.team'),
        ),
        migrations.AddField(
            model_name='calendarfeed',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='calendar_feeds', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='digest',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='digests', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='extension',
            name='author',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='extension',
            name='case_right',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='requests_app.caseright'),
        ),
        migrations.AddField(
            model_name='extension',
            name='mail',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='requests_app.outgoing'),
        ),
        migrations.AddField(
            model_name='extension',
            name='notice_message',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='extensions', to='requests_app.message'),
        ),
        migrations.AddField(
            model_name='extension',
            name='reviewer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reminder',
            name='case_right',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='requests_app.caseright'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='digest',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to='requests_app.digest'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='superseded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='supersedes', to='requests_app.reminder'),
        ),
        migrations.AddField(
            model_name='reminder',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reminders', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suspension',
            name='asked_message',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='requests_app.message'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='requests_app.case'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='mail',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suspensions', to='requests_app.outgoing'),
        ),
        migrations.AddField(
            model_name='suspension',
            name='rights',
            field=models.ManyToManyField(related_name='suspensions', to='requests_app.caseright'),
        ),
        migrations.AddIndex(
            model_name='digest',
            index=models.Index(condition=models.Q(('state__in', ['waiting', 'claimed'])), fields=['id'], name='digest_unsent'),
        ),
        migrations.AddConstraint(
            model_name='digest',
            constraint=models.UniqueConstraint(condition=models.Q(('is_urgent', False)), fields=('user', 'slot_on'), name='digest_slot_unique'),
        ),
        migrations.AddConstraint(
            model_name='extension',
            constraint=models.UniqueConstraint(condition=models.Q(('review', 'sent_back'), _negated=True), fields=('case_right',), name='extension_unique'),
        ),
        migrations.AddIndex(
            model_name='extension',
            index=models.Index(condition=models.Q(('review', 'waiting')), fields=['id'], name='extension_in_review'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('direction', 'inbound'), ('read_at', None)), fields=['case', 'at'], name='message_unread'),
        ),
        migrations.AddIndex(
            model_name='reminder',
            index=models.Index(condition=models.Q(('digest', None), ('superseded_because', '')), fields=['user'], name='reminder_waiting'),
        ),
        migrations.AddConstraint(
            model_name='reminder',
            constraint=models.UniqueConstraint(fields=('case_right', 'kind', 'threshold', 'target_on', 'user'), name='reminder_unique'),
        ),
        migrations.AlterField(
            model_name='deliverable',
            name='kind',
            field=models.CharField(choices=[('letter', 'Letter (PDF)'), ('letter_html', 'Letter (web page)'), ('package', 'Data package'), ('notice', 'Notice of extension (PDF)'), ('notice_html', 'Notice of extension (web page)')], max_length=12),
        ),
        migrations.AlterField(
            model_name='outgoing',
            name='state',
            field=models.CharField(choices=[('pending', 'waiting'), ('claimed', 'being sent'), ('sent', 'sent'), ('failed', 'not delivered'), ('stopped', 'not sent any more')], default='pending', max_length=8),
        ),
    ]
