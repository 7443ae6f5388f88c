import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Exists, F, OuterRef

# What a machine wrote arrived at the instant of its raw mail; a right was taken up when its message came, or later.


def facts_fill(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Say of the rows that are there what new rows say of themselves."""
    apps.get_model('requests_app', 'CaseRight').objects.exclude(reopened_at=None).update(taken_up_at=F('reopened_at'))
    machine = apps.get_model('requests_app', 'InboundMail').objects.filter(
        case=OuterRef('case'), outcome='machine', received_at=OuterRef('at')
    )
    messages = apps.get_model('requests_app', 'Message').objects.filter(Exists(machine), direction='inbound')
    messages.update(for_the_record=True)


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_breadth'),
        ('requests_app', '0006_decided_and_handed_on'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='message_unread',
        ),
        migrations.AddField(
            model_name='caseright',
            name='taken_up_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='for_the_record',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='message',
            name='forwarding',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='requests_app.forwarding'),
        ),
        migrations.AlterField(
            model_name='message',
            name='direction',
            field=models.CharField(choices=[('inbound', 'received'), ('outbound', 'sent'), ('note', 'internal note'), ('client', 'from the controller')], max_length=8),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('direction__in', ('inbound', 'client')), ('read_at', None)), fields=['case', 'at'], name='message_unread'),
        ),
        migrations.RunPython(facts_fill, migrations.RunPython.noop),
    ]
