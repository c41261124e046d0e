#!/usr/bin/python3
"""Django's command line: `./manage.py help` lists the commands, those of the sample application last."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecs.settings")
    execute_from_command_line(sys.argv)
