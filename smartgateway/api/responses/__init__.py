"""`POST /v1/responses`: OpenAI's Responses without state, for codex and the OpenAI SDKs."""
