import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers import sse
from routing.providers.base import ProviderUnavailableError
from routing.tests.providers.replies import cut


@pytest.mark.parametrize(
    ("frame", "data"),
    [
        (b"data: {}\n\n", b"{}"),
        (b"data:{}\r\n\r\n", b"{}"),
        (b"event: x\ndata: {}\n\n", b"{}"),
        (b"event: x\r\ndata: {}\r\nid: 1\r\n\r\n", b"{}"),
        (b"data: a\ndata: b\n\n", b"a\nb"),
        (b"data: [DONE]", b"[DONE]"),
        (b": comment\n\n", None),
        (b"event: ping\n\n", None),
        (b"\n", None),
        (b"", None),
        ('data: {"a":"\u2028"}\n\n'.encode(), '{"a":"\u2028"}'.encode()),
    ],
    ids=repr,
)
def test_the_data_of_a_frame(frame, data):
    assert sse.data_of(frame) == data


@given(
    st.lists(
        st.sampled_from([b"data: a\n\n", b"data: b\r\n\r\n", b": c\n\n", b"event: x\r\ndata: d\r\n\r\n"]), max_size=6
    ),
    st.lists(st.integers(0, 200), max_size=8),
)
def test_frames_come_out_whole_and_unchanged_however_they_were_cut(frames, places):
    reader = sse.Frames()

    blocks = [reader.feed(piece) for piece in cut(b"".join(frames), places)]

    assert b"".join(blocks) == b"".join(frames)
    assert [frame for block in blocks for frame in sse.split(block)] == [frame.rstrip(b"\r\n") for frame in frames]
    assert reader.flush() == b""


def test_a_frame_without_end_is_given_up():
    reader = sse.Frames()
    reader.feed(b"x")

    with pytest.raises(ProviderUnavailableError):
        reader.feed(b"x" * sse.FRAME_LIMIT)
