import pytest

from audit.latency import BUCKET_COUNT, histogram, merged, percentile


def test_a_percentile_is_within_a_bucket_of_the_truth():
    milliseconds = 850
    bucket = 29  # 2^(29/3) = 813, 2^(30/3) = 1024

    found = percentile(histogram([(bucket, 100)]), 0.5)

    assert found == pytest.approx(milliseconds / 1000, rel=0.1)


def test_percentiles_rise_with_their_share():
    counted = histogram([(3, 90), (20, 9), (40, 1)])

    found = [percentile(counted, share) for share in (0.5, 0.95, 0.999)]

    assert found == sorted(found)
    assert found[1] > 10 * found[0]


def test_histograms_of_different_length_add_up():
    assert merged([[1, 2], [], [0, 1, 5]]) == [1, 3, 5]


def test_what_takes_longer_than_the_last_bucket_counts_there():
    assert histogram([(500, 2)])[BUCKET_COUNT - 1] == 2


def test_without_requests_there_is_no_percentile():
    assert percentile([], 0.5) is None
    assert percentile(merged([]), 0.95) is None
