"""What is asked of which policy in which surroundings, the tier that is decided, and the sentence that says why."""

from routing.engine.types import SessionState, Tier, Verdict
from routing.tests.engine.given import CALL, DEMO, RESULT

GREETING, VAGUE, AUDIT = "hello", "our importer is slow", "our importer needs a security audit"
BOTH, PROOF = "Explain, then refactor everything across all files", "prove the race condition"
READY = {"classifier_ready": True}
NO_OPUS = {"switches": {"allow_auto_opus": False}}
OPUS_SESSION, SONNET_SESSION = ({"session": SessionState(tier)} for tier in (Tier.OPUS, Tier.SONNET))
KEY_OF_LOCAL = {"allowed_tiers": frozenset({Tier.LOCAL})}
KEY_OF_SONNET = {"allowed_tiers": frozenset({Tier.LOCAL, Tier.SONNET})}


def asked(*messages, **settings):
    return messages, settings


def judged(tier, error=""):
    return {"around": READY, "verdict": Verdict(tier, error=error)}


CASES = [
    (
        asked(GREETING, requested_model="opus"),
        "opus",
        "the client asked for it by name (“opus”)",
    ),
    (
        asked("@opus hi"),
        "opus",
        "the client asked for it by name (“opus”)",
    ),
    (
        asked(GREETING, requested_tier="sonnet"),
        "sonnet",
        "the client asked for it by name (“sonnet”)",
    ),
    (
        asked(GREETING, requested_model="haiku"),
        None,
        "the client asked for it by name (“haiku”)",
    ),
    (
        asked(GREETING, requested_provider="local"),
        "local",
        "the client asked for it by name (“local”)",
    ),
    (
        asked(GREETING, requested_provider="anthropic"),
        "sonnet",
        "the client asked for Claude (“anthropic”) without a tier, and the score of its words (0, "
        "threshold 0.5) does not reach Claude Opus",
    ),
    (
        asked(AUDIT, requested_provider="anthropic"),
        "opus",
        "the client asked for Claude (“anthropic”) without a tier, and the score of its words (0.5, "
        "threshold 0.5: “security audit”) chose Claude Opus",
    ),
    (
        asked(AUDIT, requested_provider="anthropic", rules=NO_OPUS),
        "sonnet",
        "the client asked for Claude (“anthropic”) without a tier, and the score of its words (0.5, "
        "threshold 0.5: “security audit”) would choose Claude Opus, if the policy let it",
    ),
    (
        asked(AUDIT, requested_provider="anthropic", around=KEY_OF_SONNET),
        "sonnet",
        "the client asked for Claude (“anthropic”) without a tier, and this one is what its key and its "
        "least tier leave",
    ),
    (
        asked(GREETING, requested_provider="anthropic", min_tier=Tier.OPUS),
        "opus",
        "the client asked for Claude (“anthropic”) without a tier, and this one is what its key and its "
        "least tier leave",
    ),
    (
        asked(GREETING, requested_model="gtp-5"),
        None,
        "no model is known by the name that it asked for",
    ),
    (
        asked(GREETING, requested_model="opus", requested_tier="sonnet"),
        None,
        "two things that it asked for exclude each other",
    ),
    (
        asked(GREETING, requested_model="opus", local_only=True),
        "opus",
        "it asked for Claude (“opus”), and must not leave the team's own machines",
    ),
    (
        asked(GREETING, requested_model="opus", around=KEY_OF_LOCAL),
        "opus",
        "its key may not use what it asked for (“opus”)",
    ),
    (
        asked(GREETING, requested_model="opus", around={"configured": frozenset({Tier.LOCAL})}),
        "opus",
        "nothing is configured that serves what it asked for (“opus”)",
    ),
    (
        asked(GREETING, requested_provider="acme"),
        None,
        "what it asked for is not there",
    ),
    (
        asked(GREETING, min_tier=Tier.OPUS, local_only=True),
        None,
        "it asked for Claude, and must not leave the team's own machines",
    ),
    (
        asked(GREETING, rules={"enabled": False}),
        "sonnet",
        "smart routing is switched off, and what asks for no model by name then goes to Claude Sonnet",
    ),
    (
        asked(GREETING, rules={"mode": "observe"}),
        "sonnet",
        "the policy only observes: what asks for no model by name goes to Claude Sonnet, and what auto "
        "would have chosen is only recorded",
    ),
    (
        asked(GREETING, rules={"enabled": False}, local_only=True),
        "local",
        "it must not leave the team's own machines",
    ),
    (
        asked(GREETING, rules={"mode": "keyword"}),
        "sonnet",
        "the keyword mode found none of its words for Claude Opus",
    ),
    (
        asked(AUDIT, rules={"mode": "keyword"}),
        "opus",
        "the keyword mode found its words for Claude Opus (“security audit”)",
    ),
    (
        asked(AUDIT, rules={"mode": "keyword", "thresholds": {"keyword_opus_hits": 2}}),
        "sonnet",
        "the keyword mode found words for Claude Opus (“security audit”), but it wants 2 of them",
    ),
    (
        asked(AUDIT, rules={"mode": "keyword", **NO_OPUS}),
        "sonnet",
        "the keyword mode found words for Claude Opus (“security audit”), but the policy does not let it choose that",
    ),
    (
        asked(GREETING),
        "local",
        "the rules were sure: greeting (“hello”)",
    ),
    (
        asked(CALL, RESULT),
        "sonnet",
        "the rules were sure: tool loop",
    ),
    (
        asked(CALL, RESULT, AUDIT),
        "opus",
        "the rules were sure: tool loop; the score of its words (0.5, threshold 0.5) chose Claude Opus",
    ),
    (
        asked(PROOF),
        "opus",
        "the rules were sure: deep reasoning (“prove” and “race condition*”); the score of its words "
        "(0.6, threshold 0.5) chose Claude Opus",
    ),
    (
        asked(PROOF, rules=NO_OPUS),
        "sonnet",
        "the rules were sure: deep reasoning (“prove” and “race condition*”)",
    ),
    (
        asked(VAGUE),
        "sonnet",
        "the rules could not tell, since none fired; the classifier was not asked, and this is the tier "
        "for such requests",
    ),
    (
        asked(AUDIT),
        "opus",
        "the rules could not tell, since none fired; the classifier was not asked, such requests go to "
        "Claude, and the score of its words (0.5, threshold 0.5: “security audit”) chose Claude Opus",
    ),
    (
        asked(BOTH),
        "sonnet",
        "the rules could not tell, with simple task (“explain”) for the team's own model and multi file "
        "(“across all” and “all files”) for Claude; the classifier was not asked, and this is the tier "
        "for such requests",
    ),
    (
        asked(VAGUE, rules={"switches": {"fallback_local_if_unopposed": True}}),
        "local",
        "the rules could not tell, since none fired; the classifier was not asked, and nothing in it "
        "speaks against the team's own model",
    ),
    (
        asked("Explain this. " + "It is a long story. " * 20),
        "local",
        "the rules could not tell, since none fired; the classifier was not asked, and it looks simple "
        "(“explain”), with nothing in it that speaks against the team's own model",
    ),
    (
        asked(VAGUE, rules={"ambiguous_fallback_tier": "opus"}),
        "opus",
        "the rules could not tell, since none fired; the classifier was not asked, and this is the tier "
        "for such requests",
    ),
    (
        asked(VAGUE, rules={"ambiguous_fallback_tier": "opus", **NO_OPUS}),
        "sonnet",
        "the rules could not tell, since none fired; the classifier was not asked, and this is the tier "
        "for such requests",
    ),
    (
        asked(VAGUE, **judged(None, "timeout")),
        "sonnet",
        "the rules could not tell, since none fired; the classifier did not answer in time, and this is "
        "the tier for such requests",
    ),
    (
        asked(AUDIT, **judged(None, "error:unavailable")),
        "opus",
        "the rules could not tell, since none fired; the classifier failed (unavailable), such requests "
        "go to Claude, and the score of its words (0.5, threshold 0.5: “security audit”) chose Claude "
        "Opus",
    ),
    (
        asked(VAGUE, **judged(None)),
        "sonnet",
        "the rules could not tell, since none fired; the classifier gave no answer, and this is the tier "
        "for such requests",
    ),
    (
        asked(VAGUE, **judged(Tier.LOCAL)),
        "local",
        "the rules alone could not tell, since none fired, and the classifier judged it so",
    ),
    (
        asked(VAGUE, **judged(Tier.OPUS)),
        "opus",
        "the rules alone could not tell, since none fired, and the classifier judged it so",
    ),
    (
        asked(VAGUE, rules=NO_OPUS, **judged(Tier.OPUS)),
        "sonnet",
        "the rules alone could not tell, since none fired, and the classifier judged it to be for Claude "
        "Opus, which the policy does not let it choose",
    ),
    (
        asked(VAGUE, **judged(Tier.SONNET)),
        "sonnet",
        "the rules alone could not tell, since none fired, and the classifier judged it so",
    ),
    (
        asked(AUDIT, **judged(Tier.SONNET)),
        "opus",
        "the rules alone could not tell, since none fired, and the classifier judged it to be for Claude "
        "Sonnet; the score of its words (0.5, threshold 0.5: “security audit”) chose Claude Opus",
    ),
    (
        asked(GREETING, around=OPUS_SESSION),
        "opus",
        "its conversation has been with Claude, and a switch would lose its thread and its prompt cache; "
        "by itself it would have gone to the team's own model",
    ),
    (
        asked(VAGUE, around=SONNET_SESSION),
        "sonnet",
        "its conversation has been with Claude, and a switch would lose its thread and its prompt cache",
    ),
    (
        asked(VAGUE, around=OPUS_SESSION, rules=NO_OPUS),
        "sonnet",
        "its conversation has been with Claude, and a switch would lose its thread and its prompt cache",
    ),
    (
        asked(CALL, RESULT, around=SONNET_SESSION),
        "sonnet",
        "the rules were sure: tool loop",
    ),
    (
        asked(GREETING, around=OPUS_SESSION, local_only=True),
        "local",
        "it must not leave the team's own machines",
    ),
    (
        asked(VAGUE, local_only=True),
        "local",
        "it must not leave the team's own machines",
    ),
    (
        asked(GREETING, min_tier=Tier.SONNET),
        "sonnet",
        "its client asked for at least this tier",
    ),
    (
        asked(AUDIT, around=KEY_OF_SONNET),
        "sonnet",
        "its key may not use Claude Opus, and this is the nearest tier that it may use",
    ),
    (
        asked(GREETING, around={"local": DEMO}),
        "sonnet",
        "the embedded model only shows that the gateway works, and this tier can serve as well",
    ),
]
