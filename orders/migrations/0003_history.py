"""What another system's books hold beside sales and returns, and the table in which a file waits to be taken in."""

import django.db.models.deletion
from django.db import migrations, models


# One file at a time waits here, line by line, until its run is done; losing it costs reading the file again,
# so it need not survive a crash of the server. `doc` numbers the documents in order of appearance and is what
# a chunk is cut by; refused lines of no readable document stand under 0 by their row.
STAGING = """
CREATE UNLOGGED TABLE orders_historyrow (
  run_id bigint NOT NULL,
  doc integer NOT NULL,
  position integer NOT NULL,
  row bigint NOT NULL,
  kind text NOT NULL,
  document text NOT NULL,
  sku text NOT NULL,
  name text NOT NULL,
  quantity integer NOT NULL,
  unit_price bigint NOT NULL,
  amount bigint NOT NULL,
  customer text NOT NULL,
  country text NOT NULL,
  happened_at timestamptz,
  PRIMARY KEY (run_id, doc, position)
);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_invariants'),
        ('customers', '0002_invariants'),
        ('orders', '0002_invariants'),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoryAdjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=200, verbose_name='number in the channel')),
                ('position', models.PositiveIntegerField(verbose_name='line')),
                ('kind', models.CharField(choices=[('adjustment', 'Adjustment of the books'), ('charge_back', 'Charge, discount or fee given back'), ('write_off', 'Stock written off')], max_length=20, verbose_name='kind')),
                ('sku', models.CharField(max_length=100, verbose_name='SKU or code')),
                ('quantity', models.IntegerField(verbose_name='quantity')),
                ('amount', models.BigIntegerField(verbose_name='amount')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('row', models.BigIntegerField(verbose_name='row of the file')),
                ('happened_at', models.DateTimeField(verbose_name='when')),
                ('channel', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='core.channel', verbose_name='channel')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='history_adjustments', to='core.importrun', verbose_name='taken over by')),
                ('source_record', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcerecord', verbose_name='source record')),
            ],
            options={
                'verbose_name': 'adjustment taken over',
                'verbose_name_plural': 'adjustments taken over',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('channel', 'external_id', 'position'), name='history_adjustment_once')],
            },
        ),
        migrations.RunSQL(STAGING, "DROP TABLE orders_historyrow"),
    ]
