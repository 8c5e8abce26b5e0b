"""A key that stands first in another index needs none of its own: each costs every row a write."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_one_index_a_key'),
        ('customers', '0005_one_index_a_key'),
        ('orders', '0010_exceptions_say_what_was_done'),
    ]

    operations = [
        migrations.AlterField(
            model_name='cartline',
            name='cart',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.cart', verbose_name='cart'),
        ),
        migrations.AlterField(
            model_name='fulfilment',
            name='source',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.location', verbose_name='from'),
        ),
        migrations.AlterField(
            model_name='fulfilmentline',
            name='fulfilment',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.fulfilment', verbose_name='fulfilment'),
        ),
        migrations.AlterField(
            model_name='historyadjustment',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='core.channel', verbose_name='channel'),
        ),
        migrations.AlterField(
            model_name='order',
            name='source_record',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='customers.sourcerecord', verbose_name='source record'),
        ),
        migrations.AlterField(
            model_name='returnline',
            name='of',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.return', verbose_name='return'),
        ),
    ]
