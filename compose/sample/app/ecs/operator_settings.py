"""Runs `ecs:settings` of env.yml, a Python text that an operator wrote, on top of the settings of this code."""

from django.core.exceptions import ImproperlyConfigured


def apply(text, settings):
    """
    Executes `text` with the dictionary `settings` as its globals.

    Raises ImproperlyConfigured with the line and kind of the error. The line itself is left out: it may hold a secret.
    """
    try:
        exec(compile(text, "ECS_SETTINGS", "exec"), settings)
    except SyntaxError as error:
        raise ImproperlyConfigured(f"ECS_SETTINGS line {error.lineno} is not Python") from None
    except Exception as error:
        raise ImproperlyConfigured(f"ECS_SETTINGS line {_line(error)} failed: {type(error).__name__}") from None


def _line(error):
    traceback, line = error.__traceback__, None
    while traceback:
        if traceback.tb_frame.f_code.co_filename == "ECS_SETTINGS":
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line
