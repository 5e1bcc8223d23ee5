"""Embeddings in the indoor form, OpenAI's: what is asked for, and what an answer has to hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from routing.providers.base import Account, ProviderRejectedError
from routing.providers.indoors import rejected
from routing.providers.reply import Reply
from routing.providers.tap import invalid


def texts_of(given: str | Sequence[Any]) -> list[str]:
    """The input as a list of texts; tokens are numbers of another model's vocabulary."""
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(text, str) for text in texts):
        raise rejected(
            "the local server takes texts, not tokens: send 'input' as strings "
            "(langchain's OpenAIEmbeddings: check_embedding_ctx_length=False)"
        )
    return texts


def count_of(given: str | Sequence[Any]) -> int:
    """How many embeddings an input asks for: one for a text or for a list of tokens."""
    return 1 if isinstance(given, str) or (given and isinstance(given[0], int)) else len(given)


def embedded(
    vectors: Sequence[list[float] | str], body: Mapping[str, Any], account: Account, reply: Reply
) -> dict[str, Any]:
    """One vector for each text, as long as was asked for; anything else is no answer."""
    wanted = count_of(body["input"])
    if len(vectors) != wanted:
        raise invalid(f"{len(vectors)} embeddings for {wanted} texts", reply)
    dimensions = body.get("dimensions")
    if dimensions is not None and any(isinstance(vector, list) and len(vector) != dimensions for vector in vectors):
        raise ProviderRejectedError(
            f"the model cannot give {dimensions} dimensions: leave 'dimensions' out",
            kind="unsupported_dimensions",
            status=reply.status,
        )
    account.finish_reason, account.is_complete = "stop", True
    tokens = account.usage.input_tokens if account.usage else 0
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": at, "embedding": vector} for at, vector in enumerate(vectors)],
        "model": account.response_model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
