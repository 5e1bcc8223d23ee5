"""What a person asked, for teams that switched on that it is recorded."""

from audit.records import AskText
from routing.engine.asks import newest_ask
from smartgateway.completions.exchange import Exchange


def text_of(exchange: Exchange) -> AskText | None:
    """As the rules read it: none where the switch is off, nobody said anything, or an editor or index asked."""
    if not exchange.ask.key.is_record_text_on or exchange.lane is not None:
        return None
    ask = newest_ask(exchange.ask.body["messages"], exchange.routed.policy)
    return AskText(storable(ask.head), storable(ask.tail), ask.chars, ask.is_newest) if ask.chars else None


def storable(text: str) -> str:
    """What every database takes, character for character as long as the text."""
    text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
