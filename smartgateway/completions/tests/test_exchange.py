from smartgateway.completions.exchange import MAX_NAME_CHARS, MAX_NAMES, tellable


def test_names_that_a_client_made_up_are_told_as_far_as_headers_and_databases_hold_them():
    told = tellable(["seed", "x\0y", "seed", "\ud800", "z" * 1_000])

    assert told == ["seed", "x?y", "?", "z" * MAX_NAME_CHARS]


def test_not_more_names_are_told_than_anybody_reads():
    assert len(tellable(map(str, range(10_000)))) == MAX_NAMES
