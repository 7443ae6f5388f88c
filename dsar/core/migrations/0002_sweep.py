from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Sweep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('ran_at', models.DateTimeField()),
                ('version', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AlterField(
            model_name='organisation',
            name='jurisdiction',
            field=models.CharField(max_length=24),
        ),
    ]
