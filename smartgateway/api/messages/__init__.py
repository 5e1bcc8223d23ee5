"""`POST /v1/messages`: Anthropic's Messages, for Claude Code and the Anthropic SDKs."""
