"""A customer with everything, and rounds as the workers take them."""

from collections.abc import Callable

import pytest

from tests.cast import Browser
from tests.helpers import Sandbox, work


@pytest.fixture
def paying(ada: Browser, subscribe: Callable[..., None], sandbox: Sandbox) -> Browser:
    """Ada, subscribed, and everything is quiet."""
    subscribe(ada)
    work(sandbox)
    return ada
