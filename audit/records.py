"""What travels through the journal: an allow-list of fields, so that nothing else can be recorded.

Ids are UUIDs as 16 bytes; times are Unix seconds (UTC); money is a decimal string in USD, None when unknown.
"""

import msgspec


class AttemptIntent(msgspec.Struct, array_like=True, tag="intent"):
    """Durable before its upstream call. The first attempt's intent travels inside its decision."""

    id: bytes
    decision_id: bytes
    number: int  # 1, 2, ...
    provider_name: str
    request_model: str
    tier: str  # local | haiku | sonnet | opus | "" for a model outside the ladder
    started_at: float


class AskText(msgspec.Struct, array_like=True):
    """The newest words of a person, as the rules read them; `tail` is empty when `head` holds them whole."""

    head: str
    tail: str
    chars: int  # of the whole, read or not
    is_newest: bool  # nothing but clients' text follows them


class DecisionRecord(msgspec.Struct, array_like=True, tag="decision"):
    id: bytes  # UUIDv7
    created_at: float
    team_id: int
    team_name: str
    key_id: int
    key_name: str
    end_user: str
    session_id: str
    face: str  # chat | messages | simple_chat ...
    is_stream: bool
    requested_model: str
    requested_provider: str
    policy_version: int
    phase: str
    band: str  # "" for explicit choices that were never weighed
    confidence: float
    tier: str
    provider_name: str
    model: str
    score: float
    reasons: list[tuple[str, float | str, float | str, float, str, bool]]  # rule, value, threshold, margin, band, fired
    features: bytes  # packed features and surroundings
    classifier_tier: str
    classifier_state: str  # "", hit, miss, timeout, error:<what>, skipped:<why>
    classifier_latency_ms: float
    classifier_input_tokens: int
    classifier_output_tokens: int
    candidates: list[tuple[str, str | None]]  # tier, estimated cost
    ask_digest: bytes  # HMAC of the ask
    auto_tier: str  # what auto would have done, for explicit requests
    is_human_ask: bool
    is_housekeeping: bool
    is_agentic: bool
    tags: list[str]
    first_attempt: AttemptIntent | None  # None when nothing is going to be called
    text: AskText | None = None  # only of a team that switched this on; into a table of its own, outside the chain
    is_repeated_ask: bool = False  # it was answered minutes ago
    is_raised: bool = False  # a higher tier by name than the one by which auto had answered
    repeated_tool_calls: int = 0  # how often the newest call stands in the conversation, from three times on


class AttemptRecord(msgspec.Struct, array_like=True, tag="attempt"):
    """One upstream call, as it ended."""

    id: bytes
    decision_id: bytes
    number: int
    provider_name: str
    request_model: str
    tier: str
    started_at: float
    response_model: str = ""
    response_id: str = ""
    upstream_request_id: str = ""
    finish_reason: str = ""
    error_type: str = ""
    status: int | None = None
    fresh_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_write_5m_input_tokens: int = 0
    cache_write_1h_input_tokens: int = 0
    output_tokens: int = 0
    is_estimated: bool = False
    cost: str | None = None
    price_id: int | None = None
    time_to_first_chunk: float | None = None  # seconds
    duration: float = 0.0  # seconds


class OutcomeRecord(msgspec.Struct, array_like=True, tag="outcome"):
    """Exactly one per decision. `saved` is never stored: it is a baseline minus what was spent."""

    id: bytes  # the decision's id
    created_at: float
    status: str  # answered | failed | refused | aborted | interrupted
    http_status: int
    error_type: str
    finish_reason: str
    is_complete: bool
    served_tier: str
    served_model: str
    served_provider: str
    fresh_input_tokens: int
    cache_read_input_tokens: int
    cache_write_5m_input_tokens: int
    cache_write_1h_input_tokens: int
    output_tokens: int
    cost: str | None
    classifier_cost: str | None
    baseline_requested: str | None
    baseline_sonnet: str | None
    baseline_opus: str | None
    baseline_keyword: str | None
    is_baseline_estimated: bool
    time_to_first_chunk: float | None  # seconds
    duration: float  # seconds
    overhead: float  # seconds of ours until the first byte
    fallback_causes: list[str]
    dropped_params: list[str]
    attempts: list[AttemptRecord]
    baseline_requested_high: str | None = None  # the interval's other end; None where it is `baseline_requested`
    cache_saved: str | None = None  # by a prompt cache that the gateway asked for; may be negative


class RefusalRecord(msgspec.Struct, array_like=True, tag="refusal"):
    """A valid key with a body that could not be routed."""

    id: bytes
    created_at: float
    team_id: int
    key_id: int
    face: str
    http_status: int
    error_type: str
    message: str  # our own words, at most 200 characters
    unrecorded_before: int = 0  # refusals of this key that were only counted since its last recorded one


class JournalHead(msgspec.Struct, array_like=True, tag="head"):
    """The first frame of every journal file: who writes it, and which sequences its writer had to give up."""

    writer_id: bytes  # UUIDv7
    host: str
    pid: int
    started_at: float
    file_number: int  # 1, 2, ...
    first_sequence: int
    voided: list[tuple[int, int]]  # first and last, of records whose write failed and whose callers were told so


Record = DecisionRecord | AttemptIntent | OutcomeRecord | RefusalRecord
