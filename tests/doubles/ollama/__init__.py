from tests.doubles.ollama.app import OllamaDouble
from tests.doubles.ollama.engines import Llama, Script

__all__ = ["Llama", "OllamaDouble", "Script"]
