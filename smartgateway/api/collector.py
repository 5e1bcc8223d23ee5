"""How a serving process spares itself work of the garbage collector; the benches measure with the same."""

import gc


def spare_the_collector() -> None:
    """What was loaded by now stays for good: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 20)
