import io

from smartgateway.local.terminal import Terminal


class Screen(io.StringIO):
    def isatty(self):
        return True


class GoneScreen(io.StringIO):
    def write(self, text):
        raise OSError("Input/output error")


def test_lines_stand_behind_names_of_one_width():
    stream = io.StringIO()
    terminal = Terminal(["web", "worker"], stream)

    terminal.tell("web", "listening")
    terminal.tell("worker", "ready")

    assert stream.getvalue() == "web    | listening\nworker | ready\n"


def test_a_screen_shows_colours_and_respects_no_color(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = Terminal(["web"], Screen()).prefix("web")
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal(["web"], Screen()).prefix("web")

    assert coloured == "\x1b[36mweb | \x1b[0m"
    assert plain == "web | "


def test_a_terminal_that_is_gone_stops_nothing():
    Terminal(["web"], GoneScreen()).tell("web", "listening")
