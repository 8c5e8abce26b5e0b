"""A key that stands first in another index needs none of its own: each costs every row a write."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0003_leases_and_inbound_orders'),
        ('core', '0004_one_index_a_key'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='core.channel', verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='externalid',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.channel', verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='inboundevent',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.channel', verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='inboundorder',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.channel', verbose_name='channel'),
        ),
    ]
