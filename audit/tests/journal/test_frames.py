from audit.journal.frames import PREFIX, Damage, Frame, frame, group, read_frames

ONE, TWO, THREE = frame(b"one"), frame(b"two"), frame(b"three")


def payloads(found):
    return [item.payload for item in found if isinstance(item, Frame)]


def test_frames_are_read_in_the_order_they_were_written():
    found = read_frames(ONE + TWO + THREE, limit=10)

    assert payloads(found) == [b"one", b"two", b"three"]
    assert found[-1].end == len(ONE + TWO + THREE)


def test_no_more_frames_than_asked_for_are_read():
    assert payloads(read_frames(ONE + TWO + THREE, limit=2)) == [b"one", b"two"]


def test_a_torn_last_frame_is_left_alone():
    for length in range(len(TWO)):
        found = read_frames(ONE + TWO[:length], limit=10)

        assert payloads(found) == [b"one"]
        assert len(found) == 1


def test_a_flipped_bit_loses_only_its_own_frame():
    for position in range(len(TWO)):
        broken = bytearray(TWO)
        broken[position] ^= 0x10

        found = read_frames(ONE + bytes(broken) + THREE, limit=10)

        assert payloads(found) == [b"one", b"three"]
        assert Damage(len(ONE), len(ONE + TWO)) in found


def test_a_magic_inside_a_payload_is_no_frame():
    data = frame(b"a" + PREFIX + b"1b") + TWO

    assert payloads(read_frames(data, limit=10)) == [b"a" + PREFIX + b"1b", b"two"]


def test_zeros_after_a_power_loss_are_no_frames():
    assert payloads(read_frames(ONE + bytes(4096), limit=10)) == [b"one"]


def test_the_first_frame_of_a_group_says_so():
    found = read_frames(group([ONE, TWO]) + group([THREE]), limit=10)

    assert [item.is_first for item in found] == [True, False, True]
    assert payloads(found) == [b"one", b"two", b"three"]
