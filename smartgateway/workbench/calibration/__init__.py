"""How well a candidate for the classifier sorts labelled requests: asked by a worker, kept to be compared."""
