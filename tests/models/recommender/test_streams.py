from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from affectlens.models.recommender.streams import EventStream, padded, request_windows, training_windows


def stream_of_lengths(lengths: list[int]) -> EventStream:
    """Users with that many events each, and a start token before them."""
    offsets = np.concatenate([[0], np.cumsum(np.asarray(lengths) + 1)])
    return EventStream(offsets, *[np.arange(1, offsets[-1] + 1)] * 7)


@given(
    lengths=st.lists(st.integers(0, 40), min_size=1, max_size=8),
    max_length=st.integers(2, 12),
    overlap=st.integers(1, 11),
)
def test_every_event_is_predicted_exactly_once_from_its_own_past(lengths, max_length, overlap) -> None:
    stream = stream_of_lengths(lengths)
    windows = training_windows(stream, max_length, min(overlap, max_length - 1))
    predicted = [
        position + 1
        for begin, length, n_context in zip(windows.begin, windows.length, windows.n_context, strict=True)
        for position in range(begin + n_context, begin + length)
    ]
    events = set(range(stream.offsets[-1])) - set(stream.offsets[:-1].tolist())
    assert sorted(predicted) == sorted(events)
    assert windows.length.max(initial=0) <= max_length


def test_a_window_does_not_reach_into_another_user() -> None:
    stream = stream_of_lengths([7, 3, 0, 9])
    windows = training_windows(stream, 4, 2)
    first = np.searchsorted(stream.offsets, windows.begin, side="right")
    last = np.searchsorted(stream.offsets, windows.begin + windows.length, side="right")
    assert np.array_equal(first, last)


def test_a_request_reads_the_newest_events() -> None:
    stream = stream_of_lengths([2, 6, 0])
    windows = request_windows(stream, 4)
    token = padded(stream, windows)[0]
    assert token.tolist() == [[1, 2, 3, 0], [7, 8, 9, 10], [11, 0, 0, 0]]
