"""Uses of a coupon are found by their order and by who used it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_words_for_people'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='couponuse',
            index=models.Index(condition=models.Q(('returned_at', None)), fields=['order'], name='coupon_use_of_order'),
        ),
        migrations.AddIndex(
            model_name='couponuse',
            index=models.Index(condition=models.Q(('returned_at', None)), fields=['source_record', 'coupon'], name='coupon_use_of_record'),
        ),
    ]
