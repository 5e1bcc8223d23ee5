"""Tests read no `.env`: what they need is set here or by the test itself."""

import os

os.environ["READ_DOT_ENV"] = "0"
os.environ.setdefault("SECRET_KEY", "a-key-for-tests-only-that-is-long-enough-to-pass-the-deploy-check")
