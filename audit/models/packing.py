"""Values that are only ever read whole, deflated against words that recur in all of them: a third of their room.

What is stored begins with the number of its dictionary, or is the value itself: then it begins with none of these.
"""

import zlib

# Never changed: rows were written with them. A better one is added behind; the last one is for new rows.
DICTIONARIES = (
    b'haiku"unknown"cache"retry"timeout"explicit_tier"explicit_provider"tier_word"disabled"keyword"min_tier"allowed_tiers'
    b'"no_reason"contradiction"classifier"classifier_unavailable"not_configured"images"context_limit"loaded_context'
    b'"tools_unsupported"agent_protocol"image"compaction"multi_file"named_files"long_conversation"deep_reasoning'
    b'"greeting"housekeeping"single_file_edit"files "asks "turns "code_blocks "heavy_phrases "investigation '
    b'"context_words "paths "system_chars "tools_declared "traces "",0.0,0.5,-1.0,"LOCAL",false],["'
    b"\x92\xdc\x00\x1d\x9f\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\x90\xcd\x02\xcd\x01\xcc\x00"
    b"\xcc\x9e\xcc\xd0\x00\x01\x01\x00\x00\x00\xcb\x3f\xec"
    b"\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xc3\xc2\xc2\xc2\xc2\xc2\xc3\xc2\xa0\x90\x90\x96\x07\x07\x07\x94\xcd"
    b"\x80\x00\xc2\xc3\xc2\x93\x01\xc3\x0c\xc3"
    b"\x00\x01\x01\x00\x00\x00\x31\x00\x00\x01\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xc3\xc2\xc2\xc3\xc2"
    b"\xc2\xc2\xa0\x90\x90\x96\x07\x07\x07\x94\xcd\x80\x00\xc2\xc3\xc2\xc0\xc3"
    b"\x00\x01\x01\x00\x00\x00\x23\x00\x00\x00\x00\xcb\x00\x00\x00\x00\x00\x00\x00\x00\xc2\xc2\xc2\xc2\xc3\xc2"
    b"\xc2\xc2\xa0\x90\x90\x96\x07\x07\x07\x94\xcd\x80\x00\xc2\xc3\xc2\xc0\xc3"
    b'[["tool_loop",1,4.0,0.875,"CLAUDE",true],["tools_declared",1,1,0.5,"CLAUDE",true],["agentic_prompt",1500,1000.0,'
    b'0.5,"CLAUDE",true],["opus_score",0.0,0.5,-0.5,"CLAUDE",false],["session_floor","opus","sonnet",0.0,"",true]]'
    b'[["explicit_model","sonnet","",0.0,"",true]][["simple_task","prose_chars 39","300",0.87,"LOCAL",true]]'
    b'[["self_contained","ask_chars 28","300",0.9,"LOCAL",true]]'
    b'[["local","0"],["haiku","0.000"],["sonnet","0.000016"],["opus","0.000032"]]',
)
MARKS = bytes(range(1, len(DICTIONARIES) + 1))
LEVEL, WINDOW, MEMORY = 3, -11, 1  # the least work; more of each saves a byte
_deflating = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW, MEMORY, zlib.Z_DEFAULT_STRATEGY, DICTIONARIES[-1])


def packed(value: bytes) -> bytes:
    deflating = _deflating.copy()
    deflated = MARKS[-1:] + deflating.compress(value) + deflating.flush()
    return deflated if len(deflated) < len(value) or _is_marked(value) else value


def unpacked(stored: bytes) -> bytes:
    if not _is_marked(stored):
        return stored
    return zlib.decompressobj(WINDOW, DICTIONARIES[stored[0] - 1]).decompress(stored[1:])


def _is_marked(value: bytes) -> bool:
    return bool(value) and value[0] in MARKS
