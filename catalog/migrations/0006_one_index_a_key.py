"""A key that stands first in another index needs none of its own: each costs every row a write."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_nothing_moves_aside'),
    ]

    operations = [
        migrations.AlterField(
            model_name='couponuse',
            name='coupon',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='catalog.coupon', verbose_name='coupon'),
        ),
        migrations.AlterField(
            model_name='movement',
            name='variant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='catalog.variant', verbose_name='variant'),
        ),
        migrations.AlterField(
            model_name='price',
            name='variant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='catalog.variant', verbose_name='variant'),
        ),
        migrations.AlterField(
            model_name='stocklevel',
            name='variant',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='levels', to='catalog.variant', verbose_name='variant'),
        ),
    ]
