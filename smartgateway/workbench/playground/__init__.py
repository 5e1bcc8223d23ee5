"""One request, decided by the published policy and by the draft side by side, and sent where an admin says so."""
