import pytest

from routing.breakers import Breaker, State, breaker, forget


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock):
    subject = Breaker("local", failures_to_open=3, open_seconds=30, clock=clock)
    for _ in range(3):
        subject.failed()
    return subject


def test_failures_that_are_not_in_a_row_leave_it_closed(clock):
    subject = Breaker("local", failures_to_open=3, clock=clock)

    for _ in range(5):
        subject.failed()
        subject.failed()
        subject.succeeded()

    assert subject.state is State.CLOSED
    assert subject.allows()


def test_failures_in_a_row_open_it(opened):
    assert opened.state is State.OPEN
    assert not opened.allows()
    assert not opened.is_willing()


def test_after_a_while_one_trial_goes_through(opened, clock):
    clock.now += 30

    answers = [opened.allows() for _ in range(3)]

    assert answers == [True, False, False]


def test_looking_takes_no_trial(opened, clock):
    clock.now += 30

    looks = [opened.is_willing() for _ in range(3)]

    assert looks == [True, True, True]
    assert opened.state is State.HALF_OPEN
    assert opened.allows()


def test_a_trial_that_succeeds_closes_it(opened, clock):
    clock.now += 30
    opened.allows()

    opened.succeeded()

    assert opened.state is State.CLOSED
    assert [opened.allows() for _ in range(3)] == [True, True, True]


def test_a_trial_that_fails_opens_it_for_another_while(opened, clock):
    clock.now += 30
    opened.allows()
    clock.now += 5

    opened.failed()

    clock.now += 29
    assert not opened.allows()
    clock.now += 1
    assert opened.allows()


def test_a_trial_that_never_ends_does_not_hold_it_open_for_ever(opened, clock):
    clock.now += 30
    opened.allows()

    clock.now += 30

    assert opened.allows()


def test_a_name_has_one_breaker_in_the_process():
    forget()

    assert breaker("local") is breaker("local")
    assert breaker("local") is not breaker("anthropic")
