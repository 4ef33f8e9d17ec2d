"""What a caller gets who gives something odd: the types and texts of errors that callers know."""

import pytest

TIME_SHAPE = "time must have the same shape as specified in time_shape"
FIELDS_SHAPE = "fields must have the same shape as specified in fields_shape"


def refused(kind, text, call, *args, **kwargs):
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    assert kind is caught.type
    assert text == str(caught.value)
