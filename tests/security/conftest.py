"""What tests of security share: the shop."""

import pytest

from tests.factories.orders import Shop, make_shop


@pytest.fixture
def shop(db) -> Shop:
    return make_shop()
