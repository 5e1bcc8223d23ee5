"""What a request might be at its easiest and at its hardest, where the record does not tell."""

from routing.engine.counting import OF_HOUSEKEEPING, Hits
from routing.engine.features import Features
from smartgateway.workbench.backtest.differences import TO_CLAUDE, TO_LOCAL, Difference, most

INTRODUCING = "simple_task"  # a phrase of it before a colon makes material of what follows


def lower(features: Features, perhaps: Hits, of_system: Hits) -> Features:
    """With everything that may speak for local."""
    easy = {name: ids for name, ids in perhaps.items() if name in TO_LOCAL}
    hits = {**features.hits, **{name: features.hits.get(name, ()) + ids for name, ids in easy.items()}}
    if INTRODUCING in easy:
        hits = {**{name: ids for name, ids in hits.items() if name in TO_LOCAL}, **of_system}
        features = features._replace(
            has_material=True, prose_chars=0, files=0, material_files=features.files + features.material_files
        )
    if "greeting" in easy:
        features = features._replace(greeting_share=1.0)
    if "housekeeping" in easy:
        hits = {**of_system, **{name: ids for name, ids in hits.items() if name in OF_HOUSEKEEPING}}
        features = features._replace(is_housekeeping=True)
    return features._replace(hits=hits)


def higher(features: Features, perhaps: Hits, of_ask: Hits, of_system: Hits) -> Features:
    """With everything that may speak for Claude; what speaks for local may be no more than material."""
    hits = features.hits
    if INTRODUCING in perhaps and "housekeeping" not in of_system:
        hits = {**of_system, **{name: ids for name, ids in of_ask.items() if name in TO_CLAUDE}}
        features = features._replace(is_housekeeping=False)
    hard = {name: hits.get(name, ()) + ids for name, ids in perhaps.items() if name in TO_CLAUDE}
    return features._replace(hits={**hits, **hard})


def easiest(features: Features, difference: Difference) -> Features:
    """Whatever the ask is: as plain as one can be."""
    hits = {name: tuple(difference.new_texts[name])[:1] for name in TO_LOCAL}
    hits |= {name: ids for name, ids in features.hits.items() if name == "agentic_marker"}
    return features._replace(
        ask_chars=0,
        prose_chars=0,
        files=0,
        material_files=0,
        code_blocks=0,
        greeting_share=1.0,
        has_material=True,
        has_path=False,
        has_trace=False,
        is_housekeeping=True,
        hits={name: ids for name, ids in hits.items() if ids},
    )


def hardest(features: Features, difference: Difference) -> Features:
    """Whatever the ask is: as much as one can ask for."""
    weights = difference.new.weights
    heaviest = {name: sorted(weights[name], key=weights[name].__getitem__, reverse=True) for name in TO_CLAUDE}
    hits = {name: tuple(ids[: most(name)]) for name, ids in heaviest.items() if ids}
    return features._replace(is_housekeeping=False, hits=hits)
