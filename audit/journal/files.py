"""The seam to the file system: all that a writer asks of it, so that tests can make it fail."""

import fcntl
import os
from pathlib import Path


class Files:
    def create(self, path: Path) -> int:
        return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: bytes | memoryview, position: int) -> int:
        return os.pwrite(descriptor, data, position)

    def reserve(self, descriptor: int, position: int, size: int) -> int:
        """Write zeros ahead of what comes; how many there are now."""
        return os.pwrite(descriptor, bytes(size), position)

    def fdatasync(self, descriptor: int) -> None:
        os.fdatasync(descriptor)

    def lock(self, path: Path) -> int:
        """An open file that is locked until it is closed or its process ends; OSError where another holds it."""
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def close(self, descriptor: int) -> None:
        os.close(descriptor)

    def sync_directory(self, directory: Path) -> None:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def bytes_in(self, directory: Path) -> int:
        """What the files of `directory` take; one that vanishes meanwhile counts as nothing."""
        total = 0
        with os.scandir(directory) as entries:
            for entry in entries:
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue
        return total
