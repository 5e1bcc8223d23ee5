"""A file system that fails on demand, and records to fill a journal with."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from audit.ids import new_id
from audit.journal import Files
from audit.journal.journal_file import SECTOR_BYTES
from audit.records import AttemptIntent, AttemptRecord, DecisionRecord, OutcomeRecord, RefusalRecord


class FaultyFiles(Files):
    """Real files, of which `lose_power` keeps what was synced. `fail` makes calls of an operation raise."""

    def __init__(self) -> None:
        self.synced: dict[Path, bytes] = {}
        self.named: set[Path] = set()
        self.paths: dict[int, Path] = {}
        self.faults: dict[str, list[OSError | None]] = {}
        self.calls: dict[str, int] = {}
        self.longest_write: int | None = None
        self.may_sync = threading.Event()
        self.may_sync.set()

    def fail(self, operation: str, number: int, *, times: int = 1, after: int = 0) -> None:
        faults = [OSError(number, os.strerror(number)) for _ in range(times)]
        self.faults[operation] = [None] * after + faults

    def lose_power(self, survives: Callable[[int], bool] = lambda sector: False) -> None:
        """Of what was not synced, those sectors stay that `survives` names by their number in the file."""
        for path in [path for path in self.synced if path.exists()]:
            if path in self.named:
                path.write_bytes(self._left_of(path, survives))
            else:
                path.unlink()

    def _left_of(self, path, survives):
        left, written = bytearray(self.synced[path]), path.read_bytes()
        for start in range(0, len(left), SECTOR_BYTES):
            if survives(start // SECTOR_BYTES):
                left[start : start + SECTOR_BYTES] = written[start : min(start + SECTOR_BYTES, len(left))]
        return bytes(left)

    def create(self, path):
        self._count("create")
        descriptor = super().create(path)
        self.paths[descriptor] = path
        self.synced[path] = b""
        return descriptor

    def write(self, descriptor, data, position):
        self._count("write")
        return super().write(descriptor, data[: self.longest_write], position)

    def reserve(self, descriptor, position, size):
        self._count("reserve")
        return super().reserve(descriptor, position, size)

    def fdatasync(self, descriptor):
        self._count("fdatasync")
        self.may_sync.wait()
        super().fdatasync(descriptor)
        self.synced[self.paths[descriptor]] = self.paths[descriptor].read_bytes()

    def sync_directory(self, directory):
        self._count("sync_directory")
        super().sync_directory(directory)
        self.named |= set(self.synced)

    def _count(self, operation):
        self.calls[operation] = self.calls.get(operation, 0) + 1
        if self.faults.get(operation) and (fault := self.faults[operation].pop(0)):
            raise fault


def intent(decision_id: bytes, **changes) -> AttemptIntent:
    values = {
        "id": new_id(),
        "decision_id": decision_id,
        "number": 1,
        "provider_name": "local",
        "request_model": "qwen2.5-coder:14b-instruct",
        "tier": "local",
        "started_at": time.time(),
    }
    return AttemptIntent(**(values | changes))


def decision(**changes) -> DecisionRecord:
    decision_id = changes.get("id", new_id())
    values = {
        "id": decision_id,
        "created_at": time.time(),
        "team_id": 1,
        "team_name": "platform",
        "key_id": 2,
        "key_name": "ci",
        "end_user": "",
        "session_id": "s" * 32,
        "face": "chat",
        "is_stream": True,
        "requested_model": "auto",
        "requested_provider": "",
        "policy_version": 3,
        "phase": "heuristic",
        "band": "LOCAL",
        "confidence": 0.8,
        "tier": "local",
        "provider_name": "local",
        "model": "qwen2.5-coder:14b-instruct",
        "score": 0.1,
        "reasons": [
            ("simple_form", "explain", 1, 1.0, "LOCAL", True),
            ("short_message", 48, 3000, 2952.0, "LOCAL", True),
            ("tools_declared", 0, 1, -1.0, "CLAUDE", False),
        ],
        "features": b"f" * 60,
        "classifier_tier": "",
        "classifier_state": "",
        "classifier_latency_ms": 0.0,
        "classifier_input_tokens": 0,
        "classifier_output_tokens": 0,
        "candidates": [("local", "0"), ("sonnet", "0.0021"), ("opus", None)],
        "ask_digest": b"d" * 16,
        "auto_tier": "local",
        "is_human_ask": True,
        "is_housekeeping": False,
        "is_agentic": False,
        "tags": [],
        "first_attempt": intent(decision_id),
    }
    return DecisionRecord(**(values | changes))


def attempt(intended: AttemptIntent, **changes) -> AttemptRecord:
    values = {
        "id": intended.id,
        "decision_id": intended.decision_id,
        "number": intended.number,
        "provider_name": intended.provider_name,
        "request_model": intended.request_model,
        "tier": intended.tier,
        "started_at": intended.started_at,
        "response_model": intended.request_model,
        "response_id": "chatcmpl-0123456789abcdef01234567",
        "finish_reason": "stop",
        "status": 200,
        "fresh_input_tokens": 900,
        "output_tokens": 210,
        "cost": "0",
        "price_id": 7,
        "time_to_first_chunk": 0.31,
        "duration": 2.2,
    }
    return AttemptRecord(**(values | changes))


def outcome(of: DecisionRecord, **changes) -> OutcomeRecord:
    values = {
        "id": of.id,
        "created_at": time.time(),
        "status": "answered",
        "http_status": 200,
        "error_type": "",
        "finish_reason": "stop",
        "is_complete": True,
        "served_tier": of.tier,
        "served_model": of.model,
        "served_provider": of.provider_name,
        "fresh_input_tokens": 900,
        "cache_read_input_tokens": 0,
        "cache_write_5m_input_tokens": 0,
        "cache_write_1h_input_tokens": 0,
        "output_tokens": 210,
        "cost": "0",
        "classifier_cost": "0",
        "baseline_requested": "0.00585",
        "baseline_sonnet": "0.00585",
        "baseline_opus": "0.02925",
        "baseline_keyword": "0.00585",
        "is_baseline_estimated": True,
        "time_to_first_chunk": 0.31,
        "duration": 2.2,
        "overhead": 0.0012,
        "fallback_causes": [],
        "dropped_params": [],
        "attempts": [attempt(of.first_attempt)] if of.first_attempt else [],
    }
    return OutcomeRecord(**(values | changes))


def refusal(**changes) -> RefusalRecord:
    values = {
        "id": new_id(),
        "created_at": time.time(),
        "team_id": 1,
        "key_id": 2,
        "face": "chat",
        "http_status": 400,
        "error_type": "invalid_request_error",
        "message": "messages: field required",
    }
    return RefusalRecord(**(values | changes))
