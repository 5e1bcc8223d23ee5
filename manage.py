#!/usr/bin/env python
import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    if sys.argv[1:2] == ["doctor"]:
        from smartgateway.local import running

        os.environ.update(running.told() or {})  # by a `make run` in this checkout: what it brought itself
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
    execute_from_command_line(sys.argv)
