"""A key that stands first in another index needs none of its own: each costs every row a write."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_one_index_a_key'),
        ('customers', '0004_history_stays'),
    ]

    operations = [
        migrations.AlterField(
            model_name='accesslog',
            name='customer',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='customers.customer', verbose_name='customer'),
        ),
        migrations.AlterField(
            model_name='consent',
            name='source_record',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='consents', to='customers.sourcerecord', verbose_name='source record'),
        ),
        migrations.AlterField(
            model_name='interactionid',
            name='channel',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='core.channel'),
        ),
        migrations.AlterField(
            model_name='linkdecision',
            name='left',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.sourcerecord', verbose_name='one record'),
        ),
        migrations.AlterField(
            model_name='reviewpair',
            name='left',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.sourcerecord', verbose_name='one record'),
        ),
    ]
