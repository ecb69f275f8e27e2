from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def press(whole_app: Flask) -> Iterator[Flask]:
    """The application for drawing alone: a document needs no tables, so none are emptied for it."""
    with whole_app.app_context():
        yield whole_app
