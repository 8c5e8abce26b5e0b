"""Two at once, with real threads and real transactions."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from customers.audit import CHECKS
from customers.identity import Claim, identify, merge
from customers.models import Customer, SourceRecord
from tests.factories.core import ChannelFactory
from tests.factories.customers import person

pytestmark = pytest.mark.django_db(transaction=True)

LAN, PHONE = "Nguyễn Thị Lan", "0912345678"


def at_once(*jobs):
    """Run the jobs in threads of their own that start together; returns what each gave or raised."""
    start = Barrier(len(jobs))

    def run(job):
        try:
            start.wait(10)
            return job()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def test_two_channels_identify_the_same_person_at_once_as_one_customer(now):
    channels = [ChannelFactory.create(code=f"till-{n}", kind="store") for n in range(4)]

    def tell(channel):
        return lambda: (
            identify(channel=channel, claims=[Claim("phone", PHONE, verified=True)], name=LAN, now=now).customer.pk
        )

    found = at_once(*[tell(channel) for channel in channels])
    assert len(set(found)) == 1, found
    assert Customer.objects.count() == 1
    assert SourceRecord.objects.count() == 4
    assert [wrong for check in CHECKS for wrong in check.look().wrong] == []


def test_one_channel_tells_the_same_twice_at_once_as_one_record(now):
    app = ChannelFactory.create(code="app", kind="app")

    def tell():
        return identify(
            channel=app, claims=[Claim("phone", PHONE)], name=LAN, external_id="u-1", now=now
        ).source_record.pk

    found = at_once(tell, tell, tell)
    assert len(set(found)) == 1, found
    assert SourceRecord.objects.count() == 1


def test_two_merges_that_meet_leave_one_customer(now):
    one, two, three = (person(LAN, phone=f"091234567{n}", now=now).customer for n in range(3))

    def join(keep, absorb):
        return lambda: merge(keep=keep, absorb=absorb, reason="Same", by="staff:mai", now=now)

    found = at_once(join(one, two), join(two, one), join(two, three))
    assert Customer.objects.filter(merged_into=None).count() < 3, found
    assert [wrong for check in CHECKS for wrong in check.look().wrong] == []
