"""Words in the newest message that tell a double what to do."""

import re

MISBEHAVIOUR = re.compile(r"\[\[([a-z0-9-]+)(?::([\d.]+))?\]\]")
CALL = re.compile(r"\[\[call:([\w-]+)(?: (\{.*?\}))?\]\]")
SAY = re.compile(r"\[\[say:(.*?)\]\]", re.S)
WORD = re.compile(r"\S+\s*|\s+")
