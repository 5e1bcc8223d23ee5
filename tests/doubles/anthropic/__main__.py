from tests.doubles.anthropic.app import AnthropicDouble, __doc__
from tests.doubles.serving import serve_by_hand

serve_by_hand(AnthropicDouble(), __doc__ or "")
