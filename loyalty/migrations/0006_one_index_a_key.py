"""A key that stands first in another index needs none of its own: each costs every row a write."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0005_one_index_a_key'),
        ('loyalty', '0005_lots_stay'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='source_record',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='customers.sourcerecord', verbose_name='source record'),
        ),
        migrations.AlterField(
            model_name='accrual',
            name='programme',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='loyalty.programme', verbose_name='programme'),
        ),
        migrations.AlterField(
            model_name='accrual',
            name='source_record',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='accruals', to='customers.sourcerecord', verbose_name='source record'),
        ),
        migrations.AlterField(
            model_name='allocation',
            name='entry',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='allocations', to='loyalty.entry', verbose_name='entry'),
        ),
        migrations.AlterField(
            model_name='clawback',
            name='accrual',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='claw_backs', to='loyalty.accrual', verbose_name='accrual'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='from_account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries_out', to='loyalty.account', verbose_name='from'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='to_account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries_in', to='loyalty.account', verbose_name='to'),
        ),
        migrations.AlterField(
            model_name='hold',
            name='programme',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='loyalty.programme', verbose_name='programme'),
        ),
        migrations.AlterField(
            model_name='reward',
            name='programme',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rewards', to='loyalty.programme', verbose_name='programme'),
        ),
        migrations.AlterField(
            model_name='tier',
            name='programme',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tiers', to='loyalty.programme', verbose_name='programme'),
        ),
    ]
