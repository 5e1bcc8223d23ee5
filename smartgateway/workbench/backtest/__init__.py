"""Recorded decisions decided again under another policy, from what the record holds of them."""
