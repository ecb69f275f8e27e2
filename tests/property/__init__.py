"""What holds whatever happens."""

import pytest

pytest.register_assert_rewrite("tests.property.always", "tests.property.eventually", "tests.property.mirror")
