"""The rig of these tests: processes under supervisord, with ports and folders of its own."""

import pytest

pytest.register_assert_rewrite("tests.support.rig_promises")
