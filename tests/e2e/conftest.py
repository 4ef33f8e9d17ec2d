"""The rig of these tests: containers, with a project, ports and folders of its own."""

import pytest

pytest.register_assert_rewrite("tests.support.rig_promises")
