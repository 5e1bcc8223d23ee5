from tests.doubles.ollama.app import OllamaDouble, __doc__
from tests.doubles.serving import serve_by_hand

serve_by_hand(OllamaDouble(), __doc__ or "")
