from tests.doubles.anthropic.app import AnthropicDouble

__all__ = ["AnthropicDouble"]
